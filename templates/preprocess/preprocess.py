"""Cleans one CSV file: typed and checked columns, no duplicates, a range of dates, and a report.

    spark-submit --py-files cleaning.py,datasets.py,quality.py preprocess.py \
        --input URI.csv --output URI/ --dataset faa-bird-strikes --start 1990-01-01 --end 2002-12-31

Writes below the output, which must be unused:

    data/year=YYYY/*.parquet   the rows kept, one file a year, in order of their dates
    rejects/*.json             the rows rejected, a JSON object a line: values, reasons, record
    report.json                the quality report, written last: where it is, the rest is complete

Every row read is in exactly one of four places: kept, rejected, a duplicate of an accepted row, or
accepted but outside the range. Column statistics (nulls, min, max) are those of the rows kept.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import Any, NoReturn

from cleaning import (
    COPIES,
    REASONS,
    RECORD,
    VALUES,
    WHITE_SPACE,
    drop_duplicates,
    is_inside,
    read_rows,
    type_rows,
)
from datasets import DATASETS, TYPES, YEAR, Dataset
from py4j.protocol import Py4JJavaError
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from quality import count_rejects, measure, render_counts

HEADER_BYTES = 65_536
GLOB_CHARACTERS = frozenset("*?[]{}\\")


class PreprocessError(Exception):
    """The job cannot do what was asked; the message says what to change."""


@dataclass(frozen=True)
class Options:
    """What one run is asked to do."""

    input: str
    output: str
    dataset: Dataset
    start: date
    end: date


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise PreprocessError(message)


def parse_options(arguments: Sequence[str]) -> Options:
    """Read the command line; raise PreprocessError for one that makes no sense."""
    parser = _Parser(prog="preprocess.py", allow_abbrev=False)
    for name in ("input", "output", "dataset", "start", "end"):
        parser.add_argument(f"--{name}", required=True)
    raw = parser.parse_args(arguments)
    if raw.dataset not in DATASETS:
        known = ", ".join(sorted(DATASETS))
        raise PreprocessError(f"--dataset {raw.dataset!r} is not known; known are: {known}")
    if GLOB_CHARACTERS.intersection(raw.input):
        raise PreprocessError(f"--input {raw.input!r} must name one file, without *?[]{{}}\\")
    output = raw.output.rstrip("/")
    if not output:
        raise PreprocessError(f"--output {raw.output!r} must name a folder")
    start, end = parse_date("--start", raw.start), parse_date("--end", raw.end)
    if start > end:
        raise PreprocessError(f"--start {start} is after --end {end}")
    return Options(raw.input, output, DATASETS[raw.dataset], start, end)


def parse_date(option: str, text: str) -> date:
    """Read an ISO date in its long form."""
    if re.fullmatch(TYPES["date"].pattern, text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise PreprocessError(f"{option} {text!r} is not a date (YYYY-MM-DD)")


def get_file_system(session: SparkSession, uri: str) -> tuple[Any, Any]:
    """Return Hadoop's file system and path of a URI."""
    jvm: Any = session._jvm
    context: Any = session._jsc
    path = jvm.org.apache.hadoop.fs.Path(uri)
    return path.getFileSystem(context.hadoopConfiguration()), path


@contextmanager
def storage_errors(uri: str) -> Iterator[None]:
    """Turn what Hadoop throws for a URI into one sentence."""
    try:
        yield
    except Py4JJavaError as error:
        reason = str(error.java_exception.toString()).partition("\n")[0]
        raise PreprocessError(f"cannot use {uri}: {reason}") from None


def check_unused(session: SparkSession, output: str) -> None:
    """Refuse an output that holds a result: no run overwrites another's."""
    for uri in (f"{output}/data", f"{output}/rejects", f"{output}/report.json"):
        with storage_errors(uri):
            files, path = get_file_system(session, uri)
            if files.exists(path):
                raise PreprocessError(f"{uri} exists; give an output that is not in use")


def read_header(session: SparkSession, uri: str) -> list[str]:
    """Return the names in the first line of the CSV file, which must exist and not be empty."""
    with storage_errors(uri):
        content = read_start(session, uri)
    text = content.decode("utf-8-sig", errors="replace").replace("\0", "\ufffd")
    header = next((row for row in csv.reader(io.StringIO(text, newline="")) if row), None)
    if header is None:
        raise PreprocessError(f"{uri} is empty; a header line is needed")
    return [name.strip(WHITE_SPACE) for name in header]


def read_start(session: SparkSession, uri: str) -> bytes:
    """Return as much of a file as a header may take."""
    files, path = get_file_system(session, uri)
    if not files.exists(path):
        raise PreprocessError(f"there is no file {uri}")
    if files.getFileStatus(path).isDirectory():
        raise PreprocessError(f"{uri} is a folder; name one CSV file")
    stream = files.open(path)
    try:
        return bytes(stream.readNBytes(HEADER_BYTES))
    finally:
        stream.close()


def check_header(header: Sequence[str], dataset: Dataset, uri: str) -> None:
    """Refuse a header that lacks a column of the dataset or has one twice; others are left out."""
    names = [column.header for column in dataset.columns]
    missing = [name for name in names if name not in header]
    repeated = [name for name in names if header.count(name) > 1]
    if missing:
        raise PreprocessError(f"the header of {uri} lacks {_quote(missing)}")
    if repeated:
        raise PreprocessError(f"the header of {uri} has more than once: {_quote(repeated)}")
    extra = [name for name in header if name not in names]
    if extra:
        say(f"leaving out {_quote(extra)}, which {dataset.name} does not have")


def write_data(distinct: DataFrame, inside: Column, output: str) -> None:
    """Write the rows in the range as Parquet, one file a year."""
    kept = distinct.filter(inside).drop(COPIES)
    kept.write.partitionBy(YEAR).parquet(f"{output}/data")


def write_rejects(typed: DataFrame, output: str) -> None:
    """Write the rejected rows as they were read, with all their reasons."""
    rejected = typed.filter(F.size(REASONS) > 0)
    lines = rejected.select(*[F.col(name).alias(name[1:]) for name in (VALUES, REASONS, RECORD)])
    lines.write.json(f"{output}/rejects", ignoreNullFields=False)


def write_report(session: SparkSession, output: str, report: dict[str, Any]) -> None:
    """Write report.json through Hadoop's file system, so that it lands beside the data."""
    files, path = get_file_system(session, f"{output}/report.json")
    stream = files.create(path, False)
    try:
        text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
        stream.write(bytearray(text.encode()))
    finally:
        stream.close()


def preprocess(session: SparkSession, options: Options) -> dict[str, Any]:
    """Run the whole job and return the report that it wrote."""
    started_at = now()
    check_unused(session, options.output)
    header = read_header(session, options.input)
    check_header(header, options.dataset, options.input)
    rows = read_rows(session, options.input, header)
    counts = clean(type_rows(rows, header, options.dataset), options)
    report = {
        "dataset": options.dataset.name,
        "input": options.input,
        "start": options.start.isoformat(),
        "end": options.end.isoformat(),
        **counts,
        "sparkVersion": session.version,
        "startedAt": started_at,
        "endedAt": now(),
    }
    write_report(session, options.output, report)
    say(f"wrote the report to {options.output}/report.json")
    return report


def clean(typed: DataFrame, options: Options) -> dict[str, Any]:
    """Count what becomes of every row, write data and rejects, and return the counts."""
    dataset = options.dataset
    inside = is_inside(dataset, options.start, options.end)
    typed.cache()
    rejects = count_rejects(typed)
    say(f"read {rejects.rows_in:,} rows from {options.input}")
    distinct = drop_duplicates(typed, dataset, rejects.accepted).cache()
    counts = render_counts(dataset, rejects, measure(distinct, dataset, inside))
    say_losses(counts, options)
    check_accounts(counts)
    write_data(distinct, inside, options.output)
    write_rejects(typed, options.output)
    distinct.unpersist()
    typed.unpersist()
    years = len(counts["partitions"])
    say(f"wrote {counts['rowsOut']:,} rows in {years:,} partitions to {options.output}/data/")
    return counts


def say_losses(counts: dict[str, Any], options: Options) -> None:
    """Tell the driver's log which rows are not kept, and why."""
    say(f"rejected {counts['rejects']['rows']:,} rows")
    for found in counts["rejects"]["byReason"]:
        say(f"  {found['count']:,} for {found['column']}: {found['reason']}")
    say(f"dropped {counts['duplicates']:,} duplicates")
    say(f"left out {counts['outsideRange']:,} rows outside {options.start} to {options.end}")


def check_accounts(counts: dict[str, Any]) -> None:
    """Refuse counts in which a row is lost or counted twice."""
    rejected = counts["rejects"]["rows"]
    accounted = counts["rowsOut"] + rejected + counts["duplicates"] + counts["outsideRange"]
    if accounted != counts["rowsIn"]:
        raise PreprocessError(
            f"read {counts['rowsIn']} rows but accounted for {accounted}; did the input change?"
        )


def say(line: str) -> None:
    """Print one line of progress at once."""
    print(line, flush=True)


def now() -> str:
    """Return the time in UTC as RFC 3339 with milliseconds."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _quote(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)


def main(arguments: Sequence[str]) -> None:
    """Run the job of a command line in a Spark session of its own."""
    options = parse_options(arguments)
    session = SparkSession.builder.appName(f"preprocess {options.dataset.name}").getOrCreate()
    try:
        preprocess(session, options)
    finally:
        session.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
