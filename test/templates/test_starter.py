from __future__ import annotations

from pathlib import Path

import pytest
from programs import SAMPLES
from pyspark.sql import SparkSession
from starter import JobError, count_values, parse_options, run

ARGUMENTS = ["--output", "gs://results/1/", "--column", "Wildlife Size", "--min-rows", "1"]


def test_the_example_counts_the_sizes_of_the_sample(session: SparkSession, tmp_path: Path) -> None:
    sample = (SAMPLES / "birdstrikes.csv").as_uri()
    arguments = ["--input", sample, *ARGUMENTS, "--output", f"{tmp_path.as_uri()}/"]

    values = run(session, parse_options(arguments))

    rows = session.read.parquet((tmp_path / "data").as_uri()).collect()
    assert values == len(rows) == 3
    assert [row["value"] for row in rows] == ["Small", "Medium", "Large"]
    assert sum(row["rows"] for row in rows) == 10_000


def test_rare_values_are_left_out(session: SparkSession) -> None:
    rows = session.createDataFrame([("a",), ("a",), ("b",), (None,)], "size string")

    counts = count_values(rows, "size", 2)

    assert [tuple(row) for row in counts.collect()] == [("a", 2)]


def test_an_unknown_column_is_refused(session: SparkSession) -> None:
    rows = session.createDataFrame([("a", 1)], "size string, speed int")

    with pytest.raises(JobError) as refusal:
        count_values(rows, "colour", 1)

    assert str(refusal.value) == "there is no column 'colour'; there are: size, speed"


def test_a_missing_argument_is_named() -> None:
    with pytest.raises(JobError) as refusal:
        parse_options(ARGUMENTS)

    assert str(refusal.value) == "the following arguments are required: --input"
