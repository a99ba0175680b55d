"""Bird strikes as the tests write and read them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

STRIKE = {
    "Airport Name": "BARKSDALE AIR FORCE BASE ARPT",
    "Aircraft Make Model": "T-38A",
    "Effect Amount of damage": "None",
    "Flight Date": "1990-01-08",
    "Aircraft Airline Operator": "MILITARY",
    "Origin State": "Louisiana",
    "Phase of flight": "Climb",
    "Wildlife Size": "Large",
    "Wildlife Species": "Turkey vulture",
    "Time of day": "Day",
    "Cost Other": "0",
    "Cost Repair": "0",
    "Cost Total $": "0",
    "Speed IAS in knots": "300",
}
HEADER = tuple(STRIKE)


@dataclass(frozen=True)
class Outcome:
    """What a run left behind."""

    report: dict[str, Any]
    output: Path
    session: SparkSession

    def rows(self, *names: str) -> list[tuple[Any, ...]]:
        data = self.session.read.parquet((self.output / "data").as_uri())
        return sorted(tuple(row) for row in data.select(*names).collect())

    def rejects(self) -> list[dict[str, Any]]:
        files = sorted((self.output / "rejects").glob("*.json"))
        return [json.loads(line) for file in files for line in file.read_text().splitlines()]

    def counts(self) -> dict[str, int]:
        names = ("rowsIn", "rowsOut", "duplicates", "outsideRange")
        return {name: self.report[name] for name in names} | {
            "rejects": self.report["rejects"]["rows"]
        }


def to_csv(*strikes: Mapping[str, str], header: Sequence[str] = HEADER) -> str:
    """Write strikes that differ from STRIKE in the given values."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([{**STRIKE, **strike}.get(name, "") for name in header] for strike in strikes)
    return text.getvalue()
