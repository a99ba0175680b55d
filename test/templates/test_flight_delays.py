from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from conftest import RunFlights
from flights import SCHEMA, Flight, fly, write_rows
from pyspark.sql import SparkSession

ROOT = Path(__file__).parents[2]
NODE = ROOT / "node_modules" / "node" / "bin" / "node"
FLIGHTS = ROOT / "node_modules" / "vega-datasets" / "data" / "flights-3m.parquet"
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")

# Of n delays in order, counted from 0, the percentile p stands at p * (n - 1).
BY_HAND: dict[str, tuple[list[int | None], tuple[float, ...]]] = {
    "ODD": ([100, -5, 10, 0, 20], (5, 10, 20, 68, 96.8, 25)),
    "EVE": ([11, 1, 5, 3], (4, 4, 6.5, 9.2, 10.82, 5)),
    "TIE": ([7, 9, 7, 7, 7], (5, 7, 7, 8.2, 8.92, 7.4)),
    "ONE": ([-12], (1, -12, -12, -12, -12, -12)),
    "NEG": ([-20, -30, -10], (3, -20, -15, -12, -10.2, -20)),
    "NUL": ([None, 8, None, 4], (2, 6, 7, 7.6, 7.96, 6)),
}


def test_each_group_has_the_percentiles_worked_out_by_hand(run_flights: RunFlights) -> None:
    flights = [
        fly(delay=delay, origin=origin)
        for origin, (delays, _) in BY_HAND.items()
        for delay in delays
    ]

    outcome = run_flights(flights)

    assert {row[0]: row[3:] for row in outcome.rows()} == {
        origin: expected for origin, (_, expected) in BY_HAND.items()
    }
    assert outcome.report["flightsLeftOut"]["withoutDelay"] == 2


def test_a_group_is_a_route_in_one_direction_and_an_hour(run_flights: RunFlights) -> None:
    outcome = run_flights(
        [
            fly("2001-03-01 07:59:59.999999", 1),
            fly("2001-05-30 07:00", 3),
            fly("2001-03-01 08:00", 5),
            fly("2001-03-01 07:30", 7, "BBB", "AAA"),
        ]
    )

    assert outcome.rows("origin", "destination", "hour", "flights", "mean") == [
        ("AAA", "BBB", 7, 2, 2.0),
        ("AAA", "BBB", 8, 1, 5.0),
        ("BBB", "AAA", 7, 1, 7.0),
    ]
    assert [path.suffix for path in (outcome.output / "data").glob("[!._]*")] == [".parquet"]


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Asia/Kolkata"])
def test_the_session_s_zone_moves_no_hour_and_no_day(run_flights: RunFlights, zone: str) -> None:
    """At 02:30 on this day the clocks of Los Angeles were put on: they never showed it."""
    outcome = run_flights(
        [fly("2001-04-01 00:00"), fly("2001-04-01 02:30"), fly("2001-04-01 23:59")],
        zone=zone,
        start="2001-04-01",
        end="2001-04-01",
    )

    assert outcome.rows("hour", "flights") == [(0, 1), (2, 1), (23, 1)]
    assert (outcome.report["firstDay"], outcome.report["lastDay"]) == ("2001-04-01", "2001-04-01")


def test_the_bounds_belong_to_the_selection(run_flights: RunFlights) -> None:
    flights = [
        fly(f"{day} {time}")
        for day in ("2001-02-28", "2001-03-01", "2001-03-31", "2001-04-01")
        for time in ("05:59:59", "06:00", "21:59:59", "22:00")
    ]

    outcome = run_flights(
        flights, start="2001-03-01", end="2001-03-31", from_hour="6", to_hour="21"
    )

    assert outcome.rows("hour", "flights") == [(6, 2), (21, 2)]
    left_out = outcome.report["flightsLeftOut"]
    assert (left_out["outsideDates"], left_out["outsideHours"]) == (8, 4)


def test_an_airport_keeps_what_starts_there_and_what_goes_there(run_flights: RunFlights) -> None:
    outcome = run_flights(
        [fly(), fly(origin="BBB", destination="CCC"), fly(origin="CCC", destination="AAA")],
        airport="BBB",
    )

    assert outcome.rows("origin", "destination") == [("AAA", "BBB"), ("BBB", "CCC")]
    assert outcome.report["flightsLeftOut"]["otherAirports"] == 1


def test_a_flight_counts_under_the_first_reason_to_leave_it_out(run_flights: RunFlights) -> None:
    away: dict[str, str] = {"origin": "YYY", "destination": "ZZZ"}
    flights: list[Flight] = [
        fly(None),
        fly("1999-03-01 23:30", None, None, "ZZZ"),
        fly(destination=None),
        fly("1999-03-01 23:30", None, **away),
        fly("2001-03-01 23:30", None, **away),
        fly("2001-03-01 08:30", None, **away),
        fly("2001-03-01 08:30", None),
        fly("2001-03-01 08:30"),
        fly("2001-03-01 07:30"),
        fly("2001-03-01 07:45"),
    ]

    report = run_flights(flights, to_hour="22", airport="AAA", min_flights="2").report

    assert report["flightsLeftOut"] == {
        "incomplete": 3,
        "outsideDates": 1,
        "outsideHours": 1,
        "otherAirports": 1,
        "withoutDelay": 1,
        "smallGroups": 1,
    }
    assert (report["flightsIn"], report["flightsKept"]) == (10, 2)


def test_groups_with_fewer_flights_than_asked_are_left_out(run_flights: RunFlights) -> None:
    flights = [fly(origin="TWO")] * 2 + [fly(origin="SIX")] * 3 + [fly(origin="ONE")]

    outcome = run_flights(flights, min_flights="3")

    assert outcome.rows("origin", "flights") == [("SIX", 3)]
    report = outcome.report
    assert (report["rowsOut"], report["groupsLeftOut"]) == (1, 2)
    assert (report["flightsKept"], report["flightsLeftOut"]["smallGroups"]) == (3, 3)


def test_the_report_describes_the_run(run_flights: RunFlights, tmp_path: Path) -> None:
    outcome = run_flights(
        [fly("2001-02-03 07:00"), fly("2001-03-01 07:00"), fly("2001-06-29 09:00")],
        min_flights="2",
    )

    text = (outcome.output / "report.json").read_text(encoding="utf-8")
    report = json.loads(text)
    assert report == outcome.report
    assert INSTANT.fullmatch(report.pop("startedAt"))
    assert INSTANT.fullmatch(report.pop("endedAt"))
    assert list(report.items()) == [
        ("input", (tmp_path / "flights.parquet").as_uri()),
        ("start", "2001-01-01"),
        ("end", "2001-06-30"),
        ("fromHour", 0),
        ("toHour", 23),
        ("airport", "any"),
        ("minFlights", 2),
        ("flightsIn", 3),
        ("flightsKept", 2),
        (
            "flightsLeftOut",
            {
                "incomplete": 0,
                "outsideDates": 0,
                "outsideHours": 0,
                "otherAirports": 0,
                "withoutDelay": 0,
                "smallGroups": 1,
            },
        ),
        ("rowsOut", 1),
        ("groupsLeftOut", 1),
        ("firstDay", "2001-02-03"),
        ("lastDay", "2001-03-01"),
        ("sparkVersion", outcome.session.version),
    ]


def test_delays_of_half_the_width_will_do(
    run_flights: RunFlights, session: SparkSession, tmp_path: Path
) -> None:
    schema = SCHEMA.replace("delay bigint", "delay int")
    path = write_rows(session, tmp_path / "narrow.parquet", [fly(delay=3), fly(delay=4)], schema)

    assert run_flights(path).rows("p50", "mean") == [(3.5, 3.5)]


def test_a_result_without_rows_says_so(
    run_flights: RunFlights, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = run_flights([fly()], min_flights="2")

    assert outcome.rows() == []
    assert (outcome.report["firstDay"], outcome.report["lastDay"]) == (None, None)
    uri = tmp_path.as_uri()
    assert capsys.readouterr().out.splitlines() == [
        f"read 1 flights from {uri}/flights.parquet",
        "left out 0 flights: incomplete",
        "left out 0 flights: outsideDates",
        "left out 0 flights: outsideHours",
        "left out 0 flights: otherAirports",
        "left out 0 flights: withoutDelay",
        "left out 1 flights: smallGroups",
        f"wrote 0 rows to {uri}/output/data/",
        f"wrote the report to {uri}/output/report.json",
    ]


def test_the_real_file_gives_what_is_found_without_spark(run_flights: RunFlights) -> None:
    judge = [str(NODE), str(ROOT / "test" / "templates" / "count-flights.ts")]
    judge += [str(FLIGHTS), "ORD", "6", "21", "30"]
    said = subprocess.run(judge, capture_output=True, text=True, check=True, timeout=120).stdout
    expected = sorted(tuple(row) for row in json.loads(said))

    outcome = run_flights(FLIGHTS, from_hour="6", to_hour="21", airport="ORD", min_flights="30")

    assert len(expected) > 1_000
    assert outcome.rows() == expected
    assert outcome.report["flightsIn"] == 3_000_000
    assert outcome.report["flightsKept"] == sum(row[3] for row in expected)
    assert outcome.report["flightsLeftOut"]["outsideDates"] == 6
