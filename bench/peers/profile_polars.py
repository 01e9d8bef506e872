"""The checks of bench/generated-data.mjs and an exact profile of every column, as one writes them with polars."""
import sys

import polars as pl

QUANTILES = [0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1]
path = sys.argv[1]
rows = pl.read_parquet(path) if path.endswith(".parquet") else pl.read_csv(path, try_parse_dates=True)
c = pl.col
failing = rows.select(
    id_missing=c("id").null_count(),
    id_repeated=pl.len() - c("id").n_unique(),
    age=(~c("age").is_between(18, 77)).sum(),
    income=(c("income") < 0).sum(),
    score=(~c("score").is_between(0, 99)).sum(),
    x7=(~c("x7").is_between(-10, 10)).sum(),
    price=(~c("price").is_between(0, 100)).sum(),
    measured=(c("measured").null_count() / pl.len() > 0.15).cast(pl.Int64),
    sex=(~c("sex").is_in(["Female", "Male"])).sum(),
    region=(~c("region").str.len_chars().is_between(8, 9)).sum(),
    plan=(~c("plan").is_in(["basic", "plus", "pro", "enterprise", "trial"])).sum(),
    email=(~c("email").str.contains(r"^[^@]+@[^@]+$")).sum(),
    day=(c("day") < pl.date(2020, 1, 1)).sum(),
    rows=(pl.len() < 1000).cast(pl.Int64),
).row(0, named=True)
assert not any(failing.values()), failing

profile = {"rows": rows.height, "duplicates": rows.height - rows.n_unique()}
numbers = [name for name, kind in rows.schema.items() if kind.is_numeric()]
times = [name for name, kind in rows.schema.items() if kind.is_temporal()]
profile["measures"] = rows.select(
    [c(name).count().alias(f"{name} present") for name in rows.columns]
    + [c(name).drop_nulls().n_unique().alias(f"{name} distinct") for name in numbers + times]
    + [c(name).quantile(q, "linear" if name in numbers else "nearest").alias(f"{name} {q}") for name in numbers + times for q in QUANTILES]
    + [
        term.alias(f"{name} {label}")
        for name in numbers
        for label, term in {
            "mean": c(name).mean(),
            "sd": c(name).std(),
            "skewness": c(name).skew(),
            "kurtosis": c(name).kurtosis(),
            "zeros": (c(name) == 0).sum(),
            "negative": (c(name) < 0).sum(),
        }.items()
    ]
).row(0, named=True)
for name in rows.columns:
    column = rows[name].drop_nulls()
    if name in numbers:
        profile[name] = column.hist(bin_count=30)["count"].to_list()
    elif name in times:
        profile[name] = [column.dt.weekday().value_counts().rows()]
        if rows.schema[name] != pl.Date:
            profile[name].append(column.dt.hour().value_counts().rows())
    else:
        counts = column.value_counts()
        profile[name] = [counts.height, counts.top_k(100, by="count").rows()]
        if rows.schema[name] == pl.String:
            profile[name].append(column.str.len_chars().value_counts().rows())
pairs = [(a, b) for i, a in enumerate(numbers) for b in numbers[i + 1 :]]
profile["correlations"] = rows.select(pl.corr(a, b).alias(f"{a} {b}") for a, b in pairs).row(0)
print(len(str(profile)))
