"""Counts how many rows of a CSV file have each value of one column.

Writes below the output, which must be unused: data/*.parquet, one row for every value with its
number of rows, the most frequent first.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F


class JobError(Exception):
    """The job cannot do what was asked; the message says what to change."""


@dataclass(frozen=True)
class Options:
    """What one run is asked to do."""

    input: str
    output: str
    column: str
    min_rows: int


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise JobError(message)


def parse_options(arguments: Sequence[str]) -> Options:
    """Read the command line; raise JobError for one that makes no sense."""
    parser = _Parser(allow_abbrev=False)
    for name in ("input", "output", "column"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--min-rows", required=True, type=int)
    raw = parser.parse_args(arguments)
    return Options(raw.input, raw.output.rstrip("/"), raw.column, raw.min_rows)


def count_values(rows: DataFrame, column: str, min_rows: int) -> DataFrame:
    """Count the rows of each value, and keep those that are frequent enough."""
    if column not in rows.columns:
        raise JobError(f"there is no column {column!r}; there are: {', '.join(rows.columns)}")
    counts = rows.groupBy(rows[f"`{column}`"].alias("value")).agg(F.count("*").alias("rows"))
    return counts.where(F.col("rows") >= min_rows).orderBy(F.desc("rows"), "value")


def run(session: SparkSession, options: Options) -> int:
    """Run the whole job and return how many values it wrote."""
    rows = session.read.csv(options.input, header=True)
    counts = count_values(rows, options.column, options.min_rows).coalesce(1).cache()
    values = counts.count()
    counts.write.parquet(f"{options.output}/data")
    print(f"wrote {values} values of {options.column!r} to {options.output}/data/", flush=True)
    counts.unpersist()
    return values


def main(arguments: Sequence[str]) -> None:
    """Run the job of a command line in a Spark session of its own."""
    options = parse_options(arguments)
    session = SparkSession.builder.appName("starter").getOrCreate()
    try:
        run(session, options)
    finally:
        session.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
