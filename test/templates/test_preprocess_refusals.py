from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import preprocess
import pytest
from bird_strikes import HEADER, to_csv
from conftest import Run
from preprocess import PreprocessError, check_accounts, parse_options, read_header
from pyspark.sql import SparkSession

ARGUMENTS = {
    "input": "gs://data/strikes.csv",
    "output": "gs://results/1/",
    "dataset": "faa-bird-strikes",
    "start": "1990-01-01",
    "end": "2002-12-31",
}


def to_arguments(**changes: str) -> list[str]:
    given = ARGUMENTS | changes
    return [word for name, value in given.items() for word in (f"--{name}", value)]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"start": "1990"}, "--start '1990' is not a date (YYYY-MM-DD)"),
        ({"start": "19900101"}, "--start '19900101' is not a date (YYYY-MM-DD)"),
        ({"end": "2002-02-30"}, "--end '2002-02-30' is not a date (YYYY-MM-DD)"),
        ({"end": "1989-12-31"}, "--start 1990-01-01 is after --end 1989-12-31"),
        ({"dataset": "x"}, "--dataset 'x' is not known; known are: faa-bird-strikes"),
        (
            {"input": "gs://data/*.csv"},
            "--input 'gs://data/*.csv' must name one file, without *?[]{}\\",
        ),
        ({"output": "/"}, "--output '/' must name a folder"),
        ({"color": "red"}, "unrecognized arguments: --color red"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(changes: dict[str, str], message: str) -> None:
    with pytest.raises(PreprocessError) as refusal:
        parse_options(to_arguments(**changes))

    assert str(refusal.value) == message


def test_a_missing_argument_is_named() -> None:
    with pytest.raises(PreprocessError) as refusal:
        parse_options(to_arguments()[2:])

    assert str(refusal.value) == "the following arguments are required: --input"


def test_a_range_of_one_day_is_a_range() -> None:
    options = parse_options(to_arguments(start="1999-01-01", end="1999-01-01"))

    assert (options.start, options.output) == (options.end, "gs://results/1")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "{uri} is empty; a header line is needed"),
        ("\n\n", "{uri} is empty; a header line is needed"),
        (
            to_csv(header=[name for name in HEADER if name != "Flight Date"]),
            "the header of {uri} lacks 'Flight Date'",
        ),
        (
            to_csv(header=[*HEADER, "Flight Date"]),
            "the header of {uri} has more than once: 'Flight Date'",
        ),
        (
            to_csv({}).partition("\n")[2],
            "the header of {uri} lacks 'Airport Name', 'Aircraft Make Model',"
            " 'Effect Amount of damage', 'Flight Date', 'Aircraft Airline Operator',"
            " 'Origin State', 'Phase of flight', 'Wildlife Size', 'Wildlife Species',"
            " 'Time of day', 'Cost Other', 'Cost Repair', 'Cost Total $', 'Speed IAS in knots'",
        ),
    ],
    ids=["no bytes", "blank lines", "column missing", "column twice", "no header"],
)
def test_a_file_without_the_dataset_s_header_is_refused(
    run: Run, tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(PreprocessError) as refusal:
        run(text)

    assert str(refusal.value) == message.format(uri=(tmp_path / "input.csv").as_uri())
    assert not (tmp_path / "output").exists()


def test_an_input_that_is_no_file_is_refused(run: Run, tmp_path: Path) -> None:
    with pytest.raises(PreprocessError) as missing:
        run(tmp_path / "absent.csv")
    with pytest.raises(PreprocessError) as folder:
        run(tmp_path)

    assert str(missing.value) == f"there is no file {(tmp_path / 'absent.csv').as_uri()}"
    assert str(folder.value) == f"{tmp_path.as_uri()} is a folder; name one CSV file"


@pytest.mark.parametrize("name", ["data", "rejects", "report.json"])
def test_an_output_that_holds_a_result_is_left_as_it_is(
    run: Run, tmp_path: Path, name: str
) -> None:
    earlier = tmp_path / "output" / name
    earlier.parent.mkdir()
    earlier.write_text("an earlier result")

    with pytest.raises(PreprocessError) as refusal:
        run(to_csv({}))

    assert str(refusal.value) == f"{earlier.as_uri()} exists; give an output that is not in use"
    assert [path.name for path in (tmp_path / "output").iterdir()] == [name]
    assert earlier.read_text() == "an earlier result"


def test_a_storage_that_spark_does_not_know_is_refused(session: SparkSession) -> None:
    with pytest.raises(PreprocessError) as refusal:
        read_header(session, "nowhere://bucket/strikes.csv")

    assert str(refusal.value) == (
        "cannot use nowhere://bucket/strikes.csv: org.apache.hadoop.fs."
        'UnsupportedFileSystemException: No FileSystem for scheme "nowhere"'
    )


def test_a_row_that_is_not_accounted_for_fails_the_job() -> None:
    counts = {"rowsIn": 5, "rowsOut": 2, "rejects": {"rows": 1}, "duplicates": 1, "outsideRange": 0}

    with pytest.raises(PreprocessError) as refusal:
        check_accounts(counts)

    assert str(refusal.value) == "read 5 rows but accounted for 4; did the input change?"


def test_the_message_is_the_last_line_that_the_process_writes() -> None:
    program = [sys.executable, "-B", preprocess.__file__, *to_arguments(start="soon")]
    ended = subprocess.run(
        program, capture_output=True, text=True, check=False, env=dict(os.environ), timeout=60
    )

    assert ended.returncode == 1
    assert ended.stdout == ""
    last_line = ended.stderr.splitlines()[-1]
    assert last_line == "PreprocessError: --start 'soon' is not a date (YYYY-MM-DD)"
