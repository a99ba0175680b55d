"""Runs one file that a caller put: Python, or statements of Spark SQL.

    spark-submit --py-files python_script.py,sql_script.py run_script.py \
        --script gs://BUCKET/uploads/AREA/ID/BYTES/SHA256/NAME.py --output URI/

The file's URI names the SHA-256 of its content: what has another one is not run. So whoever knows
the URI, such as the job's record, knows what ran.

A .py file runs as `python NAME.py URI/` would, in this process, and finds two names defined:
`spark`, the session, and `output`, the URI under which its results belong. Of a .sql file every
statement runs in turn; the rows of the last one go to `rows/` as Parquet, and those of others are
never computed.

Writes below the output:

    rows/*.parquet   of a .sql file whose last statement has rows
    report.json      what ran, written last: where it is, the rest is complete

A script that fails ends the driver with status 1, its own traceback or Spark's words, and as the
last line its name, the line in it and the reason.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NoReturn

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession
from python_script import ScriptError, run_python
from sql_script import run_statements, split_statements, write_rows

MAX_BYTES = 1024 * 1024
SCRIPT = re.compile(
    r"[a-z]+:/[^?*#\[\]{}\\]*/(?P<sha256>[0-9a-f]{64})/(?P<name>[A-Za-z0-9_][A-Za-z0-9_.-]*\.(py|sql))"
)


class RunScriptError(Exception):
    """There is nothing that may be run; the message says what to change."""


@dataclass(frozen=True)
class Options:
    """Which file is run, what it must hold, and where results belong, with a slash behind."""

    script: str
    name: str
    sha256: str
    output: str


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise RunScriptError(message)


def parse_options(arguments: Sequence[str]) -> Options:
    """Read the command line; raise RunScriptError for one that names no script."""
    parser = _Parser(prog="run_script.py", allow_abbrev=False)
    parser.add_argument("--script", required=True)
    parser.add_argument("--output", required=True)
    raw = parser.parse_args(arguments)
    found = SCRIPT.fullmatch(raw.script)
    if found is None:
        raise RunScriptError(f"--script {raw.script!r} must end in the file's SHA-256 and name")
    if not raw.output.strip("/"):
        raise RunScriptError(f"--output {raw.output!r} must name a folder")
    return Options(raw.script, found["name"], found["sha256"], raw.output.rstrip("/") + "/")


def get_file_system(session: SparkSession, uri: str) -> tuple[Any, Any]:
    """Return Hadoop's file system and path of a URI."""
    jvm: Any = session._jvm
    context: Any = session._jsc
    path = jvm.org.apache.hadoop.fs.Path(uri)
    return path.getFileSystem(context.hadoopConfiguration()), path


def read_script(session: SparkSession, options: Options) -> bytes:
    """Return the file's content, which must be what its URI says."""
    try:
        # Asking whether it exists would take the right to list what others put.
        files, path = get_file_system(session, options.script)
        stream = files.open(path)
        try:
            content = bytes(stream.readNBytes(MAX_BYTES + 1))
        finally:
            stream.close()
    except Py4JJavaError as error:
        reason = str(error.java_exception.toString()).partition("\n")[0]
        if reason.startswith("java.io.FileNotFoundException"):
            gone = f"there is no file {options.script}; put it first, then submit"
            raise RunScriptError(gone) from None
        raise RunScriptError(f"cannot read {options.script}: {reason}") from None
    if len(content) > MAX_BYTES:
        raise RunScriptError(f"{options.name} is larger than {MAX_BYTES} bytes")
    actual = hashlib.sha256(content).hexdigest()
    if actual != options.sha256:
        raise RunScriptError(
            f"{options.name} is not what was announced: its SHA-256 is {actual}, and its URI says"
            f" {options.sha256}"
        )
    return content


def run(session: SparkSession, options: Options) -> dict[str, Any]:
    """Run the script and return the report that was written."""
    started_at = now()
    content = read_script(session, options)
    say(f"running {options.name}, {len(content)} bytes, SHA-256 {options.sha256}")
    is_sql = options.name.endswith(".sql")
    outcome = run_sql(session, options, content) if is_sql else run_py(session, options, content)
    report = {
        "script": options.script,
        "sha256": options.sha256,
        "bytes": len(content),
        **outcome,
        "startedAt": started_at,
        "endedAt": now(),
    }
    # The script may have ended the session that it was given.
    write_report(SparkSession.builder.getOrCreate(), options.output, report)
    return report


def run_sql(session: SparkSession, options: Options, content: bytes) -> dict[str, Any]:
    """Run the statements of a file, and write the rows of the last one."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ScriptError(f"{options.name}, line {line}: not UTF-8") from None
    statements = split_statements(session, text)
    frame = run_statements(session, options.name, statements)
    uri = f"{options.output}rows"
    rows = write_rows(frame, options.name, statements[-1], uri)
    if rows is not None:
        say(f"wrote {rows:,} rows to {uri}/")
    return {"kind": "sql", "statements": len(statements), "rowsOut": rows}


def run_py(session: SparkSession, options: Options, content: bytes) -> dict[str, Any]:
    """Run a Python file from a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="run-script-") as folder:
        path = Path(folder) / options.name
        path.write_bytes(content)
        names = {"spark": session, "output": options.output}
        run_python(path, names, [options.output])
    return {"kind": "py"}


def write_report(session: SparkSession, output: str, report: dict[str, Any]) -> None:
    """Write report.json through Hadoop's file system, so that it lands beside the results."""
    files, path = get_file_system(session, f"{output}report.json")
    stream = files.create(path, False)
    try:
        stream.write(bytearray((json.dumps(report, indent=2) + "\n").encode()))
    finally:
        stream.close()


def say(line: str) -> None:
    """Print one line of progress at once."""
    print(line, flush=True)


def now() -> str:
    """Return the time in UTC as RFC 3339 with milliseconds."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def main(arguments: Sequence[str]) -> int:
    """Run the script of a command line in a Spark session of its own; return the exit status."""
    try:
        options = parse_options(arguments)
        session = SparkSession.builder.appName("run-script").getOrCreate()
        try:
            run(session, options)
        finally:
            session.stop()
    except (RunScriptError, ScriptError) as error:
        # The wrapper's own frames would hide the script's.
        print(error, file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
