"""The sixteen checks of bench/generated-data.mjs with pandera, every failure collected."""
import sys

import pandas as pd
import pandera.pandas as pa

rows = pd.read_csv(sys.argv[1], parse_dates=["day"])
schema = pa.DataFrameSchema(
    {
        "id": pa.Column("int64", nullable=False, unique=True),
        "age": pa.Column("int64", pa.Check.in_range(18, 77)),
        "income": pa.Column("int64", pa.Check.ge(0)),
        "score": pa.Column("int64", pa.Check.in_range(0, 99)),
        "x7": pa.Column("float64", pa.Check.in_range(-10, 10)),
        "price": pa.Column("float64", pa.Check.in_range(0, 100)),
        "measured": pa.Column("float64", pa.Check(lambda s: s.isna().mean() <= 0.15, ignore_na=False), nullable=True),
        "sex": pa.Column(checks=pa.Check.isin(["Female", "Male"])),
        "region": pa.Column(checks=pa.Check.str_length(8, 9)),
        "plan": pa.Column(checks=pa.Check.isin(["basic", "plus", "pro", "enterprise", "trial"])),
        "email": pa.Column(checks=pa.Check.str_matches(r"^[^@]+@[^@]+$")),
        "day": pa.Column(checks=pa.Check.ge(pd.Timestamp("2020-01-01"))),
    },
    checks=pa.Check(lambda frame: len(frame) >= 1000),
)
schema.validate(rows, lazy=True)
