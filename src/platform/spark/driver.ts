/**
 * The program that spark-submit runs: it connects back to Assay by a socket of this machine (spark-submit gives its program no
 * standard input), and answers requests, a line of JSON each, until it is told to stop or Assay is gone.
 */
export const DRIVER = String.raw`
import json
import math
import re
import socket
import sys
from datetime import date, datetime
from decimal import Decimal

from pyspark import StorageLevel
from pyspark.sql import Row, SparkSession, functions as F
from pyspark.sql.window import Window

SAFE = 2 ** 53


def plain(value):
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return value if -SAFE <= value <= SAFE else str(value)
    if isinstance(value, float):
        if math.isnan(value):
            return "NaN"
        return value if math.isfinite(value) else ("Infinity" if value > 0 else "-Infinity")
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Row):
        return {key: plain(each) for key, each in value.asDict(recursive=False).items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return str(value)


class Driver:
    def __init__(self, spark, stream):
        self.spark = spark
        self.stream = stream
        self.kept = {}

    def send(self, message):
        self.stream.write(json.dumps(message, allow_nan=False).encode() + b"\n")
        self.stream.flush()

    def rows(self, sql):
        found = self.spark.sql(sql)
        names = found.columns
        return [{name: plain(value) for name, value in zip(names, row)} for row in found.collect()]

    def keep(self, name, frame):
        kept = frame.persist(StorageLevel.MEMORY_AND_DISK)
        kept.createOrReplaceTempView(name)
        self.kept[name] = kept

    # Files are read by the place of their columns: names from outside never reach SQL.
    def open(self, request):
        def escaped(path):
            return "".join("\\" + c if c in "\\*?[]{}" else c for c in path)

        def read(path, schema=None):
            reader = self.spark.read if schema is None else self.spark.read.schema(schema)
            return reader.parquet(escaped(path))

        files = request["files"]
        first = read(files[0]["path"])
        if len(first.columns) != len(request["columns"]):
            raise ValueError("Spark reads %d columns of %d" % (len(first.columns), len(request["columns"])))
        whole = first
        index = F.col("_metadata.row_index")
        if len(files) > 1:
            frames = [read(each["path"], first.schema) for each in files]
            start = {re.sub("^file:/+", "file:/", frame.inputFiles()[0]): each["start"] for frame, each in zip(frames, files)}
            whole = self.spark.read.schema(first.schema).parquet(*[escaped(each["path"]) for each in files])
            pairs = [F.lit(part) for pair in start.items() for part in pair]
            place = F.regexp_replace("_metadata.file_path", "^file:/+", "file:/")
            index = index + F.create_map(*pairs)[place]
        selected = []
        for field, column in zip(first.columns, request["columns"]):
            value = F.col("\x60" + field.replace("\x60", "\x60\x60") + "\x60")
            kind = column.get("read")
            if kind == "nanoseconds":
                # Towards zero, as DuckDB does.
                value = F.expr("timestamp_micros(CAST(%s AS BIGINT) div 1000)" % ("\x60" + field.replace("\x60", "\x60\x60") + "\x60"))
            elif kind == "timestamp":
                value = value.cast("timestamp")
            selected.append(value.alias(column["name"]))
        if not request["numbered"]:
            selected.append(index.alias("source_row"))
        whole.select(*selected).createOrReplaceTempView(request["name"])

    # Distinct values in order over the whole cluster, each with how many values are at most it.
    def rank(self, request):
        # A fixed number of parts: the sample that sets their limits is then the same each time.
        parts = self.spark.sparkContext.defaultParallelism * 2
        spread = self.spark.sql(request["sql"]).repartitionByRange(parts, "v")
        placed = spread.withColumn("part", F.spark_partition_id()).persist(StorageLevel.MEMORY_AND_DISK)
        totals = {row["part"]: row["n"] for row in placed.groupBy("part").agg(F.sum("n").alias("n")).collect()}
        before, starts = 0, []
        for part in sorted(totals):
            starts.append((part, before))
            before += totals[part]
        offsets = self.spark.createDataFrame(starts, "part INT, start BIGINT")
        running = F.sum("n").over(Window.partitionBy("part").orderBy("v"))
        ranked = placed.join(F.broadcast(offsets), "part").select("v", "n", (running + F.col("start")).alias("upto"))
        self.keep(request["name"], ranked)
        self.kept[request["name"] + "_placed"] = placed

    def drop(self, name):
        for each in (name, name + "_placed"):
            frame = self.kept.pop(each, None)
            if frame is not None:
                frame.unpersist()
        self.spark.catalog.dropTempView(name)

    def numbers(self, sql):
        batch = []
        for row in self.spark.sql(sql).toLocalIterator(prefetchPartitions=True):
            batch.append([float(value) for value in row])
            if len(batch) == 8192:
                self.send({"batch": [list(column) for column in zip(*batch)]})
                batch = []
        if batch:
            self.send({"batch": [list(column) for column in zip(*batch)]})

    def answer(self, request):
        kind = request["op"]
        if kind == "query":
            return self.rows(request["sql"])
        if kind == "numbers":
            return self.numbers(request["sql"])
        if kind == "keep":
            return self.keep(request["name"], self.spark.sql(request["sql"]))
        if kind == "rank":
            return self.rank(request)
        if kind == "drop":
            return self.drop(request["name"])
        if kind == "open":
            return self.open(request)
        raise ValueError("there is no request " + str(kind))


def main():
    link = socket.socket(socket.AF_UNIX)
    link.connect(sys.argv[1])
    stream = link.makefile("rwb")
    spark = SparkSession.builder.getOrCreate()
    driver = Driver(spark, stream)
    driver.send({"version": spark.version, "master": spark.sparkContext.master})
    for line in stream:
        request = json.loads(line)
        if request["op"] == "stop":
            break
        try:
            driver.send({"result": driver.answer(request)})
        except BrokenPipeError:
            break
        except Exception as error:
            driver.send({"error": str(error)[:20000], "kind": type(error).__name__})
    spark.stop()


main()
`;
