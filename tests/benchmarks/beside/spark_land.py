"""PySpark local[2] doing what landing does: id, time, day, place and text of every record. VARIANT FOLDER OUT

Runs in an environment of its own (requirements-spark.txt). It writes zstd Parquet, since Delta's jar is not on PyPI: a
little less work than landing's. `paths` takes the three fields by get_json_object, `struct` by one from_json. Prints
the seconds without the start of the JVM.
"""

from __future__ import annotations

import sys
import time

from pyspark.sql import SparkSession
from pyspark.sql import functions as f


def main(variant: str, folder: str, out: str) -> None:
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.driver.memory", "6g")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.parquet.compression.codec", "zstd")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    spark.range(1).count()
    started = time.perf_counter()
    documents = spark.read.text(folder, wholetext=True, recursiveFileLookup=True, pathGlobFilter="*.gz").select(
        f.input_file_name().alias("object_uri"), "value"
    )
    records = documents.select(
        "object_uri", f.explode(f.from_json("value", "Records array<string>")["Records"]).alias("raw")
    )
    if variant == "paths":
        names = ("eventID", "eventTime", "recipientAccountId")
        heads = records.select("*", *(f.get_json_object("raw", f"$.{name}").alias(name) for name in names))
    else:
        head = f.from_json("raw", "eventID string, eventTime string, recipientAccountId string")
        heads = records.withColumn("head", head).select("object_uri", "raw", "head.*")
    rows = heads.select(
        f.sha2(f.concat_ws("\n", f.lit("aws_cloudtrail"), "recipientAccountId", "eventID"), 256).alias("event_uid"),
        f.to_timestamp("eventTime").alias("event_time"),
        f.to_date("eventTime").alias("event_date"),
        f.current_timestamp().alias("landed_at"),
        "object_uri",
        "raw",
    )
    rows.write.partitionBy("event_date").parquet(out)
    print(time.perf_counter() - started)
    spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
