"""The checks of bench/generated-data.mjs and an exact profile of every column, as one writes them with pandas."""
import sys

import numpy as np
import pandas as pd

QUANTILES = [0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1]
TIMES = ["day", "seen"]
path = sys.argv[1]
if path.endswith(".parquet"):
    rows = pd.read_parquet(path)
else:
    rows = pd.read_csv(path, parse_dates=TIMES)

failing = {
    "id missing": rows["id"].isna().sum(),
    "id repeated": rows["id"].duplicated().sum(),
    "age": (~rows["age"].between(18, 77)).sum(),
    "income": (rows["income"] < 0).sum(),
    "score": (~rows["score"].between(0, 99)).sum(),
    "x7": (~rows["x7"].between(-10, 10)).sum(),
    "price": (~rows["price"].between(0, 100)).sum(),
    "measured": rows["measured"].isna().mean() > 0.15,
    "sex": (~rows["sex"].isin(["Female", "Male"])).sum(),
    "region": (~rows["region"].str.len().between(8, 9)).sum(),
    "plan": (~rows["plan"].isin(["basic", "plus", "pro", "enterprise", "trial"])).sum(),
    "email": (~rows["email"].str.fullmatch(r"[^@]+@[^@]+")).sum(),
    "day": (rows["day"] < "2020-01-01").sum(),
    "rows": len(rows) < 1000,
}
assert not any(failing.values()), failing

profile = {"rows": len(rows), "duplicates": int(rows.duplicated().sum())}
numbers = []
for name, column in rows.items():
    one = profile[name] = {"present": int(column.count())}
    if pd.api.types.is_bool_dtype(column) or not (
        pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column)
    ):
        counts = column.value_counts()
        one |= {"distinct": len(counts), "top": counts.head(100).to_dict()}
        if not pd.api.types.is_bool_dtype(column):
            lengths = column.str.len()
            one |= {"lengths": lengths.value_counts().to_dict(), "mean_length": lengths.mean()}
        continue
    one["distinct"] = column.nunique()
    one["quantiles"] = column.quantile(QUANTILES).tolist()
    if name in TIMES:
        one |= {"weekdays": column.dt.weekday.value_counts().to_dict(), "hours": column.dt.hour.value_counts().to_dict()}
        continue
    numbers.append(name)
    one |= {"mean": column.mean(), "sd": column.std(), "skewness": column.skew(), "kurtosis": column.kurt()}
    one |= {"zeros": int((column == 0).sum()), "negative": int((column < 0).sum())}
    one["histogram"] = np.histogram(column.dropna(), bins=30)[0].tolist()
profile["correlations"] = rows[numbers].corr().to_numpy().tolist()
print(len(str(profile)))
