"""The sixteen checks of bench/generated-data.mjs with Great Expectations."""
import sys

import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd

rows = pd.read_csv(sys.argv[1], parse_dates=["day"])
context = gx.get_context(mode="ephemeral")
context.variables.progress_bars = {"globally": False}
batch = (
    context.data_sources.add_pandas("bench")
    .add_dataframe_asset("rows")
    .add_batch_definition_whole_dataframe("all")
    .get_batch({"dataframe": rows})
)
suite = gx.ExpectationSuite(
    name="bench",
    expectations=[
        gxe.ExpectColumnValuesToBeOfType(column="id", type_="int64"),
        gxe.ExpectColumnValuesToNotBeNull(column="id"),
        gxe.ExpectColumnValuesToBeUnique(column="id"),
        gxe.ExpectColumnValuesToBeBetween(column="age", min_value=18, max_value=77),
        gxe.ExpectColumnValuesToBeBetween(column="income", min_value=0),
        gxe.ExpectColumnValuesToBeBetween(column="score", min_value=0, max_value=99),
        gxe.ExpectColumnValuesToBeBetween(column="x7", min_value=-10, max_value=10),
        gxe.ExpectColumnValuesToBeBetween(column="price", min_value=0, max_value=100),
        gxe.ExpectColumnValuesToNotBeNull(column="measured", mostly=0.85),
        gxe.ExpectColumnValuesToBeInSet(column="sex", value_set=["Female", "Male"]),
        gxe.ExpectColumnValueLengthsToBeBetween(column="region", min_value=8, max_value=9),
        gxe.ExpectColumnValuesToBeInSet(column="plan", value_set=["basic", "plus", "pro", "enterprise", "trial"]),
        gxe.ExpectColumnValuesToMatchRegex(column="email", regex=r"^[^@]+@[^@]+$"),
        gxe.ExpectColumnValuesToBeBetween(column="day", min_value=pd.Timestamp("2020-01-01")),
        gxe.ExpectColumnToExist(column="active"),
        gxe.ExpectTableRowCountToBeBetween(min_value=1000),
    ],
)
result = batch.validate(suite, result_format="SUMMARY")
failed = [one.expectation_config.type for one in result.results if not one.success]
assert not failed, failed
