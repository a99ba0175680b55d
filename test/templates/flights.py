"""Flights as the tests write and read them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

SCHEMA = "date timestamp_ntz, delay bigint, distance bigint, origin string, destination string"
COLUMNS = ("origin", "destination", "hour", "flights", "p50", "p75", "p90", "p99", "mean")

Flight = tuple[datetime | None, int | None, int | None, str | None, str | None]


@dataclass(frozen=True)
class FlightOutcome:
    """What a run left behind."""

    report: dict[str, Any]
    output: Path
    session: SparkSession

    def rows(self, *names: str) -> list[tuple[Any, ...]]:
        data = self.session.read.parquet((self.output / "data").as_uri())
        return [tuple(row) for row in data.select(*names or COLUMNS).collect()]


def fly(
    date: str | None = "2001-03-01 07:30",
    delay: int | None = 0,
    origin: str | None = "AAA",
    destination: str | None = "BBB",
) -> Flight:
    """Make one flight."""
    moment = None if date is None else datetime.fromisoformat(date)
    return (moment, delay, 500, origin, destination)


def write_rows(session: SparkSession, path: Path, rows: list[Any], schema: str = SCHEMA) -> Path:
    """Write rows as one Parquet file, which Spark itself only does inside a folder."""
    folder = path.with_suffix(".parts")
    session.createDataFrame(rows, schema).coalesce(1).write.parquet(folder.as_uri())
    (part,) = folder.glob("*.parquet")
    return part.rename(path)
