from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from bird_strikes import to_csv
from conftest import Run

ROOT = Path(__file__).parents[2]
BIRD_STRIKES = ROOT / "node_modules" / "vega-datasets" / "data" / "birdstrikes.csv"
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def test_the_report_describes_the_rows_kept(run: Run, tmp_path: Path) -> None:
    outcome = run(
        to_csv(
            {"Airport Name": "Ålesund", "Cost Other": "10", "Speed IAS in knots": ""},
            {"Airport Name": "aalborg", "Cost Other": "9.5", "Flight Date": "1992-02-29"},
            {"Airport Name": "Zagreb", "Cost Other": "", "Speed IAS in knots": "90"},
            {"Airport Name": "A outside", "Cost Other": "999", "Flight Date": "2003-01-01"},
            {"Airport Name": "A rejected", "Cost Other": "-1", "Time of day": "Noon"},
        )
    )

    report = json.loads((outcome.output / "report.json").read_text(encoding="utf-8"))
    assert report == outcome.report
    assert list(report) == [
        "dataset",
        "input",
        "start",
        "end",
        "rowsIn",
        "rowsOut",
        "rejects",
        "duplicates",
        "outsideRange",
        "columns",
        "partitions",
        "sparkVersion",
        "startedAt",
        "endedAt",
    ]
    assert report["dataset"] == "faa-bird-strikes"
    assert report["input"] == (tmp_path / "input.csv").as_uri()
    assert (report["start"], report["end"]) == ("1990-01-01", "2002-12-31")
    assert report["sparkVersion"] == outcome.session.version
    assert INSTANT.fullmatch(report["startedAt"])
    assert INSTANT.fullmatch(report["endedAt"])
    assert report["partitions"] == [{"year": 1990, "rows": 2}, {"year": 1992, "rows": 1}]
    columns = {column["name"]: column for column in report["columns"]}
    assert columns["airport_name"] == {
        "name": "airport_name",
        "type": "string",
        "nulls": 0,
        "min": "Zagreb",
        "max": "Ålesund",
        "rejects": 0,
    }
    assert columns["flight_date"] == {
        "name": "flight_date",
        "type": "date",
        "nulls": 0,
        "min": "1990-01-08",
        "max": "1992-02-29",
        "rejects": 0,
    }
    assert columns["cost_other"] == {
        "name": "cost_other",
        "type": "decimal",
        "nulls": 1,
        "min": "9.50",
        "max": "10.00",
        "rejects": 1,
    }
    assert columns["speed_ias_knots"] == {
        "name": "speed_ias_knots",
        "type": "integer",
        "nulls": 1,
        "min": 90,
        "max": 300,
        "rejects": 0,
    }
    assert columns["time_of_day"]["rejects"] == 1


def test_a_file_without_rows_gives_a_report_of_zeros(run: Run) -> None:
    outcome = run(to_csv())

    assert outcome.counts() == {
        "rowsIn": 0,
        "rowsOut": 0,
        "duplicates": 0,
        "outsideRange": 0,
        "rejects": 0,
    }
    assert outcome.report["partitions"] == []
    assert outcome.report["columns"][0] == {
        "name": "airport_name",
        "type": "string",
        "nulls": 0,
        "min": None,
        "max": None,
        "rejects": 0,
    }


def test_the_driver_s_log_tells_what_became_of_the_rows(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(to_csv({}, {}, {"Time of day": "Noon"}, {"Flight Date": "2003-01-01"}))

    uri = tmp_path.as_uri()
    assert capsys.readouterr().out.splitlines() == [
        f"read 4 rows from {uri}/input.csv",
        "rejected 1 rows",
        "  1 for time_of_day: not an allowed value (Dawn, Day, Dusk, Night)",
        "dropped 1 duplicates",
        "left out 1 rows outside 1990-01-01 to 2002-12-31",
        f"wrote 1 rows in 1 partitions to {uri}/output/data/",
        f"wrote the report to {uri}/output/report.json",
    ]


@pytest.mark.parametrize(
    ("start", "end"), [("1990-01-01", "2002-12-31"), ("1995-03-01", "2000-06-30")]
)
def test_the_real_file_gives_what_plain_python_counts(run: Run, start: str, end: str) -> None:
    with BIRD_STRIKES.open(newline="") as file:
        rows = [tuple(row.values()) for row in csv.DictReader(file)]
    damage, flight_date, speed = 2, 3, 13
    good = [row for row in rows if row[damage] in ("None", "Minor", "Medium", "Substantial")]
    kept = [row for row in set(good) if start <= row[flight_date] <= end]
    years = Counter(int(row[flight_date][:4]) for row in kept)

    outcome = run(BIRD_STRIKES, start, end)

    assert outcome.counts() == {
        "rowsIn": len(rows),
        "rowsOut": len(kept),
        "duplicates": len(good) - len(set(good)),
        "outsideRange": len(set(good)) - len(kept),
        "rejects": len(rows) - len(good),
    }
    assert outcome.report["partitions"] == [
        {"year": year, "rows": years[year]} for year in sorted(years)
    ]
    assert outcome.report["columns"][speed]["nulls"] == sum(row[speed] == "" for row in kept)
    assert Counter(outcome.rows("airport_name", "aircraft_make_model")) == Counter(
        (row[0], row[1]) for row in kept
    )
    files = sorted((outcome.output / "data").glob("year=*/*.parquet"))
    assert [file.parent.name for file in files] == [f"year={year}" for year in sorted(years)]


def test_the_demo_s_judge_agrees_with_the_job(run: Run, tmp_path: Path) -> None:
    outcome = run(
        to_csv(
            {},
            {"Airport Name": " BARKSDALE AIR FORCE BASE ARPT "},
            {"Flight Date": "1899-12-31"},
            {"Flight Date": "1990-02-30"},
            {"Flight Date": "2003-01-01"},
            {"Cost Total $": ""},
            {"Cost Repair": "1.234"},
            {"Speed IAS in knots": "601"},
            {"Speed IAS in knots": ""},
            {"Time of day": "Noon"},
            {"Wildlife Size": ""},
            {"Phase of flight": ""},
        )
    )

    judge = [sys.executable, "-B", str(ROOT / "local" / "demo" / "count.py")]
    judge += [str(tmp_path / "input.csv"), "1990-01-01", "2002-12-31"]
    said = subprocess.run(judge, capture_output=True, text=True, check=True, timeout=60).stdout
    assert json.loads(said) == outcome.counts()
    assert outcome.counts() == {
        "rowsIn": 12,
        "rowsOut": 3,
        "duplicates": 1,
        "outsideRange": 1,
        "rejects": 7,
    }
