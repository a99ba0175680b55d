"""Computes percentiles of flight delays for every route and hour of departure, and a report.

    spark-submit --py-files delays.py flight_delays.py --input URI.parquet --output URI/ \
        --start 2001-01-01 --end 2001-06-30 --from-hour 0 --to-hour 23 --airport any \
        --min-flights 30

The input has the columns date, delay, origin and destination. The date is local time without a
zone; its hour is the group's. Whether that is the planned or the real departure is up to the file:
in vega's flights it is the real one, and the delay is that of the arrival.
Source: https://github.com/vega/vega-datasets/blob/main/scripts/flights.py

Writes below the output, which must be unused:

    data/*.parquet   one file: origin, destination, hour, flights, p50, p75, p90, p99, mean
    report.json      the report, written last: where it is, the rest is complete

Every flight read is kept, in the group of one row, or left out for the first of these reasons:
incomplete (no date, origin or destination), outsideDates, outsideHours, otherAirports, withoutDelay
(cancelled or diverted flights have none; they are in no percentile) and smallGroups (of fewer than
--min-flights flights). No delay counts as too large or too small: percentiles hardly feel one that
is an error of the source, the mean does.

The percentiles are exact. On 3 million flights in 41,000 groups Spark took 10.7 to 13.2 seconds for
them, and 9.9 to 10.1 for approximate ones.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import Any, NoReturn

from delays import (
    COLUMNS,
    REASONS,
    Selection,
    count_reasons,
    measure,
    select_rows,
    sort_flights,
    summarize,
)
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

OPTION_NAMES = ("input", "output", "start", "end", "from-hour", "to-hour", "airport", "min-flights")
GLOB_CHARACTERS = frozenset("*?[]{}\\")
ANY_AIRPORT = "any"
MAGIC = b"PAR1"


class FlightDelaysError(Exception):
    """The job cannot do what was asked; the message says what to change."""


@dataclass(frozen=True)
class Options:
    """What one run is asked to do."""

    input: str
    output: str
    selection: Selection
    min_flights: int


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise FlightDelaysError(message)


def parse_options(arguments: Sequence[str]) -> Options:
    """Read the command line; raise FlightDelaysError for one that makes no sense."""
    parser = _Parser(prog="flight_delays.py", allow_abbrev=False)
    for name in OPTION_NAMES:
        parser.add_argument(f"--{name}", required=True)
    raw = parser.parse_args(arguments)
    if GLOB_CHARACTERS.intersection(raw.input):
        raise FlightDelaysError(f"--input {raw.input!r} must name one file, without *?[]{{}}\\")
    output = raw.output.rstrip("/")
    if not output:
        raise FlightDelaysError(f"--output {raw.output!r} must name a folder")
    min_flights = parse_number("--min-flights", raw.min_flights, 1, 999_999_999)
    return Options(raw.input, output, parse_selection(raw), min_flights)


def parse_selection(raw: argparse.Namespace) -> Selection:
    """Read which flights to keep; raise FlightDelaysError when there can be none."""
    start, end = parse_date("--start", raw.start), parse_date("--end", raw.end)
    if start > end:
        raise FlightDelaysError(f"--start {start} is after --end {end}")
    from_hour = parse_number("--from-hour", raw.from_hour, 0, 23)
    to_hour = parse_number("--to-hour", raw.to_hour, 0, 23)
    if from_hour > to_hour:
        raise FlightDelaysError(f"--from-hour {from_hour} is after --to-hour {to_hour}")
    if raw.airport == ANY_AIRPORT:
        return Selection(start, end, from_hour, to_hour, None)
    if not re.fullmatch("[A-Z]{3}", raw.airport):
        raise FlightDelaysError(f"--airport {raw.airport!r} is not an IATA code, nor 'any'")
    return Selection(start, end, from_hour, to_hour, raw.airport)


def parse_date(option: str, text: str) -> date:
    """Read an ISO date in its long form."""
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise FlightDelaysError(f"{option} {text!r} is not a date (YYYY-MM-DD)")


def parse_number(option: str, text: str, minimum: int, maximum: int) -> int:
    """Read a whole number between two bounds, which belong to it."""
    if re.fullmatch("[0-9]{1,9}", text) and minimum <= int(text) <= maximum:
        return int(text)
    raise FlightDelaysError(f"{option} {text!r} is not a number from {minimum} to {maximum}")


def get_file_system(session: SparkSession, uri: str) -> tuple[Any, Any]:
    """Return Hadoop's file system and path of a URI."""
    jvm: Any = session._jvm
    context: Any = session._jsc
    path = jvm.org.apache.hadoop.fs.Path(uri)
    return path.getFileSystem(context.hadoopConfiguration()), path


@contextmanager
def storage_errors(uri: str) -> Iterator[None]:
    """Turn what Hadoop and Spark throw for a URI into one sentence."""
    try:
        yield
    except Py4JJavaError as error:
        reason = str(error.java_exception.toString()).partition("\n")[0]
        raise FlightDelaysError(f"cannot use {uri}: {reason}") from None
    except PySparkException as error:
        reason = str(error).partition("\n")[0]
        raise FlightDelaysError(f"cannot use {uri}: {reason}") from None


def check_unused(session: SparkSession, output: str) -> None:
    """Refuse an output that holds a result: no run overwrites another's."""
    for uri in (f"{output}/data", f"{output}/report.json"):
        with storage_errors(uri):
            files, path = get_file_system(session, uri)
            if files.exists(path):
                raise FlightDelaysError(f"{uri} exists; give an output that is not in use")


def read_flights(session: SparkSession, uri: str) -> DataFrame:
    """Return the rows of a Parquet file, which must exist and have the columns of flights."""
    with storage_errors(uri):
        check_parquet(session, uri)
        flights = session.read.parquet(uri)
    types = dict(flights.dtypes)
    missing = [name for name in COLUMNS if name not in types]
    if missing:
        raise FlightDelaysError(f"{uri} lacks {', '.join(map(repr, missing))}")
    for name, allowed in COLUMNS.items():
        if types[name] not in allowed:
            needed = " or ".join(allowed)
            raise FlightDelaysError(f"{uri} has {name!r} as {types[name]}; it must be {needed}")
    return flights.select(*COLUMNS)


def check_parquet(session: SparkSession, uri: str) -> None:
    """Refuse a URI that is no file, or a file that does not end as Parquet does."""
    files, path = get_file_system(session, uri)
    if not files.exists(path):
        raise FlightDelaysError(f"there is no file {uri}")
    status = files.getFileStatus(path)
    if status.isDirectory():
        raise FlightDelaysError(f"{uri} is a folder; name one Parquet file")
    stream = files.open(path)
    try:
        stream.seek(max(0, status.getLen() - len(MAGIC)))
        end = bytes(stream.readNBytes(len(MAGIC)))
    finally:
        stream.close()
    if end != MAGIC:
        raise FlightDelaysError(f"{uri} is not a whole Parquet file")


def write_report(session: SparkSession, output: str, report: dict[str, Any]) -> None:
    """Write report.json through Hadoop's file system, so that it lands beside the data."""
    files, path = get_file_system(session, f"{output}/report.json")
    stream = files.create(path, False)
    try:
        text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
        stream.write(bytearray(text.encode()))
    finally:
        stream.close()


def compute(session: SparkSession, options: Options) -> dict[str, Any]:
    """Run the whole job and return the report that it wrote."""
    started_at = now()
    check_unused(session, options.output)
    flights = sort_flights(read_flights(session, options.input), options.selection)
    counts = count_and_write(flights, options)
    report = {
        "input": options.input,
        "start": options.selection.start.isoformat(),
        "end": options.selection.end.isoformat(),
        "fromHour": options.selection.from_hour,
        "toHour": options.selection.to_hour,
        "airport": options.selection.airport or ANY_AIRPORT,
        "minFlights": options.min_flights,
        **counts,
        "sparkVersion": session.version,
        "startedAt": started_at,
        "endedAt": now(),
    }
    write_report(session, options.output, report)
    say(f"wrote the report to {options.output}/report.json")
    return report


def count_and_write(flights: DataFrame, options: Options) -> dict[str, Any]:
    """Count what becomes of every flight, write the groups, and return the counts."""
    reasons = count_reasons(flights)
    say(f"read {sum(reasons.values()):,} flights from {options.input}")
    groups = summarize(flights).cache()
    counts = render_counts(reasons, measure(groups, options.min_flights))
    say_losses(counts)
    check_accounts(counts)
    select_rows(groups, options.min_flights).write.parquet(f"{options.output}/data")
    groups.unpersist()
    say(f"wrote {counts['rowsOut']:,} rows to {options.output}/data/")
    return counts


def render_counts(reasons: dict[str | None, int], found: dict[str, Any]) -> dict[str, Any]:
    """Put the counts into the report's form, reasons in the order in which they are asked."""
    left_out = {name: reasons.get(name, 0) for name in REASONS}
    days = (found["firstDay"], found["lastDay"])
    return {
        "flightsIn": sum(reasons.values()),
        "flightsKept": found["flightsKept"],
        "flightsLeftOut": {**left_out, "smallGroups": found["flightsLeftOut"]},
        "rowsOut": found["rowsOut"],
        "groupsLeftOut": found["groupsLeftOut"],
        "firstDay": None if days[0] is None else days[0].isoformat(),
        "lastDay": None if days[1] is None else days[1].isoformat(),
    }


def say_losses(counts: dict[str, Any]) -> None:
    """Tell the driver's log which flights are not kept, and why."""
    for reason, flights in counts["flightsLeftOut"].items():
        say(f"left out {flights:,} flights: {reason}")


def check_accounts(counts: dict[str, Any]) -> None:
    """Refuse a selection without flights, and counts in which one is lost or counted twice."""
    left_out = counts["flightsLeftOut"]
    accounted = counts["flightsKept"] + sum(left_out.values())
    if accounted != counts["flightsIn"]:
        raise FlightDelaysError(
            f"read {counts['flightsIn']} flights but accounted for {accounted};"
            " did the input change?"
        )
    if counts["flightsKept"] + left_out["smallGroups"] == 0:
        raise FlightDelaysError("no flight with a delay is inside the dates, hours and airport")


def say(line: str) -> None:
    """Print one line of progress at once."""
    print(line, flush=True)


def now() -> str:
    """Return the time in UTC as RFC 3339 with milliseconds."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def main(arguments: Sequence[str]) -> None:
    """Run the job of a command line in a Spark session of its own."""
    options = parse_options(arguments)
    session = SparkSession.builder.appName("flight-delays").getOrCreate()
    try:
        compute(session, options)
    finally:
        session.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
