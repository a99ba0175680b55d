"""Makes Spark load the classes that a usual job needs, so that they can be archived.

Reads the CSV at the first URI, and writes Parquet, JSON and a plain file below the second one.
"""

import sys
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql import functions as f


def main(source: str, target: str) -> None:
    """Run one small job with the steps of a usual one: read, type, check, aggregate, write."""
    spark = SparkSession.builder.getOrCreate()
    raw = spark.read.option("header", True).option("multiLine", True).csv(source)
    typed = (
        raw.select(*[f.trim(f.col(name)).alias(name) for name in raw.columns])
        .withColumn("day", f.to_date("date", "yyyy-MM-dd"))
        .withColumn("year", f.year("day"))
        .withColumn("reasons", f.array_compact(f.array(f.when(f.col("day").isNull(), "date"))))
        .cache()
    )
    typed.agg(f.count("day"), f.min("count"), f.max("day"), f.sum(f.size("reasons"))).collect()
    valid = typed.filter(f.size("reasons") == 0).drop("reasons").dropDuplicates()
    valid = valid.filter(f.col("day") >= f.lit("1990-01-01").cast("date"))
    valid.repartition("year").write.partitionBy("year").parquet(f"{target}/data")
    typed.filter(f.size("reasons") > 0).coalesce(1).write.json(f"{target}/rejects")
    spark.read.parquet(f"{target}/data").groupBy("year").count().collect()
    write_text(spark, f"{target}/report.json", "{}")
    spark.stop()


def write_text(spark: SparkSession, uri: str, text: str) -> None:
    """Write one file through Hadoop's file system, as jobs do for their report."""
    jvm: Any = spark._jvm
    path = jvm.org.apache.hadoop.fs.Path(uri)
    stream = path.getFileSystem(spark._jsc.hadoopConfiguration()).create(path, False)
    stream.write(bytearray(text.encode()))
    stream.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
