from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import flight_delays
import pytest
from conftest import RunFlights
from flight_delays import FlightDelaysError, check_accounts, parse_options, read_flights
from flights import SCHEMA, fly, write_rows
from pyspark.sql import SparkSession

ARGUMENTS = {
    "input": "gs://data/flights.parquet",
    "output": "gs://results/1/",
    "start": "2001-01-01",
    "end": "2001-06-30",
    "from-hour": "0",
    "to-hour": "23",
    "airport": "any",
    "min-flights": "30",
}


def to_arguments(changes: dict[str, str]) -> list[str]:
    given = ARGUMENTS | changes
    return [word for name, value in given.items() for word in (f"--{name}", value)]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"start": "2001"}, "--start '2001' is not a date (YYYY-MM-DD)"),
        ({"end": "2001-02-30"}, "--end '2001-02-30' is not a date (YYYY-MM-DD)"),
        ({"end": "2000-12-31"}, "--start 2001-01-01 is after --end 2000-12-31"),
        ({"from-hour": "24"}, "--from-hour '24' is not a number from 0 to 23"),
        ({"to-hour": "-1"}, "--to-hour '-1' is not a number from 0 to 23"),
        ({"from-hour": "9", "to-hour": "8"}, "--from-hour 9 is after --to-hour 8"),
        ({"min-flights": "0"}, "--min-flights '0' is not a number from 1 to 999999999"),
        ({"min-flights": "1.5"}, "--min-flights '1.5' is not a number from 1 to 999999999"),
        ({"airport": "lax"}, "--airport 'lax' is not an IATA code, nor 'any'"),
        ({"airport": "LAX\n"}, "--airport 'LAX\\n' is not an IATA code, nor 'any'"),
        ({"airport": ""}, "--airport '' is not an IATA code, nor 'any'"),
        (
            {"input": "gs://data/*.parquet"},
            "--input 'gs://data/*.parquet' must name one file, without *?[]{}\\",
        ),
        ({"output": "/"}, "--output '/' must name a folder"),
        ({"color": "red"}, "unrecognized arguments: --color red"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(changes: dict[str, str], message: str) -> None:
    with pytest.raises(FlightDelaysError) as refusal:
        parse_options(to_arguments(changes))

    assert str(refusal.value) == message


def test_a_missing_argument_is_named() -> None:
    with pytest.raises(FlightDelaysError) as refusal:
        parse_options(to_arguments({})[2:])

    assert str(refusal.value) == "the following arguments are required: --input"


def test_one_day_one_hour_and_one_airport_are_a_selection() -> None:
    options = parse_options(
        to_arguments({"end": "2001-01-01", "from-hour": "7", "to-hour": "7", "airport": "ALL"})
    )

    selection = options.selection
    assert (selection.start, selection.from_hour) == (selection.end, selection.to_hour)
    assert (selection.airport, options.output) == ("ALL", "gs://results/1")


@pytest.mark.parametrize(
    ("schema", "row", "message"),
    [
        (
            SCHEMA.replace("delay", "Delay").replace("origin", "start"),
            fly(),
            "{uri} lacks 'delay', 'origin'",
        ),
        (
            SCHEMA.replace("timestamp_ntz", "timestamp"),
            fly(),
            "{uri} has 'date' as timestamp; it must be timestamp_ntz",
        ),
        (
            SCHEMA.replace("delay bigint", "delay string"),
            (None, "5", 1, "A", "B"),
            "{uri} has 'delay' as string; it must be bigint or int",
        ),
    ],
    ids=["columns missing", "time with a zone", "delay as text"],
)
def test_a_file_without_the_columns_of_flights_is_refused(
    run_flights: RunFlights,
    session: SparkSession,
    tmp_path: Path,
    schema: str,
    row: tuple[Any, ...],
    message: str,
) -> None:
    path = write_rows(session, tmp_path / "other.parquet", [row], schema)

    with pytest.raises(FlightDelaysError) as refusal:
        run_flights(path)

    assert str(refusal.value) == message.format(uri=path.as_uri())
    assert not (tmp_path / "output").exists()


@pytest.mark.parametrize("content", [b"", b"PAR", b"date,delay\n", b"PAR1 cut short"])
def test_a_file_that_is_not_parquet_to_its_end_is_refused(
    run_flights: RunFlights, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "text.parquet"
    path.write_bytes(content)

    with pytest.raises(FlightDelaysError) as refusal:
        run_flights(path)

    assert str(refusal.value) == f"{path.as_uri()} is not a whole Parquet file"


def test_a_file_that_spark_cannot_read_is_refused_in_one_line(
    run_flights: RunFlights, tmp_path: Path
) -> None:
    path = tmp_path / "broken.parquet"
    path.write_bytes(b"PAR1 no metadata \x04\x00\x00\x00PAR1")

    with pytest.raises(FlightDelaysError) as refusal:
        run_flights(path)

    message = str(refusal.value)
    assert message.startswith(f"cannot use {path.as_uri()}: org.apache.spark.SparkException: ")
    assert "\n" not in message


def test_an_input_that_is_no_file_is_refused(run_flights: RunFlights, tmp_path: Path) -> None:
    with pytest.raises(FlightDelaysError) as missing:
        run_flights(tmp_path / "absent.parquet")
    with pytest.raises(FlightDelaysError) as folder:
        run_flights(tmp_path)

    assert str(missing.value) == f"there is no file {(tmp_path / 'absent.parquet').as_uri()}"
    assert str(folder.value) == f"{tmp_path.as_uri()} is a folder; name one Parquet file"


@pytest.mark.parametrize("name", ["data", "report.json"])
def test_an_output_that_holds_a_result_is_left_as_it_is(
    run_flights: RunFlights, tmp_path: Path, name: str
) -> None:
    earlier = tmp_path / "output" / name
    earlier.parent.mkdir()
    earlier.write_text("an earlier result")

    with pytest.raises(FlightDelaysError) as refusal:
        run_flights(tmp_path / "never-read.parquet")

    assert str(refusal.value) == f"{earlier.as_uri()} exists; give an output that is not in use"
    assert [path.name for path in (tmp_path / "output").iterdir()] == [name]
    assert earlier.read_text() == "an earlier result"


def test_a_selection_without_flights_is_refused(run_flights: RunFlights, tmp_path: Path) -> None:
    with pytest.raises(FlightDelaysError) as refusal:
        run_flights([fly("2000-12-31 23:59"), fly(delay=None)])

    assert str(refusal.value) == "no flight with a delay is inside the dates, hours and airport"
    assert not (tmp_path / "output").exists()


def test_a_storage_that_spark_does_not_know_is_refused(session: SparkSession) -> None:
    with pytest.raises(FlightDelaysError) as refusal:
        read_flights(session, "nowhere://bucket/flights.parquet")

    assert str(refusal.value) == (
        "cannot use nowhere://bucket/flights.parquet: org.apache.hadoop.fs."
        'UnsupportedFileSystemException: No FileSystem for scheme "nowhere"'
    )


def test_a_flight_that_is_not_accounted_for_fails_the_job() -> None:
    counts = {
        "flightsIn": 5,
        "flightsKept": 2,
        "flightsLeftOut": {"incomplete": 1, "smallGroups": 1},
    }

    with pytest.raises(FlightDelaysError) as refusal:
        check_accounts(counts)

    assert str(refusal.value) == "read 5 flights but accounted for 4; did the input change?"


def test_the_message_is_the_last_line_that_the_process_writes() -> None:
    program = [sys.executable, "-B", flight_delays.__file__, *to_arguments({"start": "soon"})]
    ended = subprocess.run(
        program, capture_output=True, text=True, check=False, env=dict(os.environ), timeout=60
    )

    assert ended.returncode == 1
    assert ended.stdout == ""
    last_line = ended.stderr.splitlines()[-1]
    assert last_line == "FlightDelaysError: --start 'soon' is not a date (YYYY-MM-DD)"
