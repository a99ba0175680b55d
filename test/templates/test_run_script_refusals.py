from __future__ import annotations

from pathlib import Path

import pytest
from programs import ROOT, run_program
from pyspark.sql import SparkSession
from python_script import ScriptError
from run_script import MAX_BYTES, RunScriptError, parse_options, run
from scripts import put_script

DIGEST = "0" * 64


def refuse(session: SparkSession, folder: Path, name: str, content: str | bytes) -> str:
    script = put_script(folder, name, content)
    options = parse_options(["--script", script, "--output", f"{(folder / 'output').as_uri()}/"])
    with pytest.raises(ScriptError) as failure:
        run(session, options)
    assert not (folder / "output" / "report.json").exists()
    return str(failure.value)


def test_content_that_was_not_announced_is_not_run(session: SparkSession, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    script = put_script(tmp_path, "etl.py", f"open({str(ran)!r}, 'w').close()", DIGEST)
    options = parse_options(["--script", script, "--output", f"{tmp_path.as_uri()}/output/"])

    with pytest.raises(RunScriptError, match=rf"its URI says {DIGEST}$"):
        run(session, options)
    assert not ran.exists()


def test_a_file_that_is_not_there_is_named(session: SparkSession, tmp_path: Path) -> None:
    uri = f"{tmp_path.as_uri()}/{DIGEST}/etl.py"

    with pytest.raises(RunScriptError, match=r"^there is no file .*; put it first, then submit$"):
        run(session, parse_options(["--script", uri, "--output", f"{tmp_path.as_uri()}/output/"]))


def test_a_file_that_is_too_large_is_not_run(session: SparkSession, tmp_path: Path) -> None:
    script = put_script(tmp_path, "long.py", b"#" * (MAX_BYTES + 1))

    with pytest.raises(RunScriptError, match=r"^long\.py is larger than 1048576 bytes$"):
        run(session, parse_options(["--script", script, "--output", f"{tmp_path.as_uri()}/o/"]))


@pytest.mark.parametrize(
    "script",
    [
        "gs://b/uploads/a/i/etl.py",
        f"gs://b/uploads/a/i/{DIGEST}/etl.jar",
        f"gs://b/uploads/a/i/{DIGEST}/.etl.py",
        f"gs://b/uploads/a/i/{DIGEST}/x/etl.py",
        f"gs://b/uploads/*/i/{DIGEST}/etl.py",
        f"gs://b/uploads/a/i/{DIGEST}/etl.py\n",
    ],
)
def test_a_uri_that_names_no_script_is_refused(script: str) -> None:
    with pytest.raises(RunScriptError, match="must end in the file's SHA-256 and name"):
        parse_options(["--script", script, "--output", "gs://r/x/"])


def test_a_python_failure_names_file_and_line_and_nothing_of_the_wrapper(
    session: SparkSession, tmp_path: Path
) -> None:
    text = "def divide(a, b):\n    return a / b\n\n\ndivide(1, 0)\n"

    said = refuse(session, tmp_path, "etl.py", text).splitlines()

    assert said[0] == "Traceback (most recent call last):"
    assert said[1:3] == ['  File "etl.py", line 5, in <module>', "    divide(1, 0)"]
    assert said[-2:] == [
        "ZeroDivisionError: division by zero",
        "etl.py, line 2: ZeroDivisionError: division by zero",
    ]
    assert not any("runpy" in line or "python_script" in line for line in said)


def test_what_is_no_python_is_named_by_its_line(session: SparkSession, tmp_path: Path) -> None:
    said = refuse(session, tmp_path, "etl.py", "a = 1\nb = = 2\n").splitlines()

    assert said[-1] == "etl.py, line 2: SyntaxError: invalid syntax"


def test_a_spark_failure_in_python_is_at_the_line_that_asked(
    session: SparkSession, tmp_path: Path
) -> None:
    text = "frame = spark.range(3)\nframe.select('missing').collect()\n"

    said = refuse(session, tmp_path, "etl.py", text).splitlines()

    assert said[-1].startswith(
        "etl.py, line 2: pyspark.errors.exceptions.captured.AnalysisException: "
        "[UNRESOLVED_COLUMN.WITH_SUGGESTION]"
    )


@pytest.mark.parametrize(("code", "said"), [("3", "3"), ("'no rows'", "no rows")])
def test_a_script_that_ends_itself_with_a_status_fails(
    session: SparkSession, tmp_path: Path, code: str, said: str
) -> None:
    message = refuse(session, tmp_path, "etl.py", f"import sys\nsys.exit({code})\n")

    assert message == f"etl.py ended itself: {said}"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("SELECT 1;\n\n  SELEKT 2;", 3, "[PARSE_SYNTAX_ERROR]"),
        ("SELECT 1;\nSELECT a\nFROM nowhere;\n", 3, "[TABLE_OR_VIEW_NOT_FOUND]"),
        ("SELECT\n  missing FROM range(3)", 2, "[UNRESOLVED_COLUMN.WITH_SUGGESTION]"),
        ("SELECT 1;\nSELECT 'open;", 2, "[PARSE_SYNTAX_ERROR]"),
        ("SELECT 1;\n/* open; SELECT 2", 2, "[UNCLOSED_BRACKETED_COMMENT]"),
        ("SELECT 1 AS a, 2 AS a", 1, "[COLUMN_ALREADY_EXISTS]"),
        ("SELECT 1;\nSELECT raise_error('no luck')", 2, ""),
    ],
)
def test_a_failure_in_sql_names_the_line_of_the_file(
    session: SparkSession, tmp_path: Path, text: str, line: int, reason: str
) -> None:
    said = refuse(session, tmp_path, "report.sql", text)

    assert said.splitlines()[-1].startswith(f"report.sql, line {line}: {reason}")
    assert "\n\n\n" not in said


def test_sql_without_a_statement_fails(session: SparkSession, tmp_path: Path) -> None:
    said = refuse(session, tmp_path, "empty.sql", "-- nothing;\n")

    assert said == "empty.sql, line 1: there is no statement in it"


def test_sql_that_is_not_utf_8_fails_at_its_line(session: SparkSession, tmp_path: Path) -> None:
    said = refuse(session, tmp_path, "latin.sql", b"SELECT 1;\nSELECT '\xe9'")

    assert said == "latin.sql, line 2: not UTF-8"


def test_the_last_line_that_the_process_writes_says_where(tmp_path: Path) -> None:
    script = put_script(tmp_path, "etl.py", "x = 1\nraise ValueError('no such day')\n")
    arguments = ["--script", script, "--output", f"{tmp_path.as_uri()}/output/"]

    ended = run_program("run-script/run_script.py", arguments, tmp_path)

    assert ended.returncode == 1
    lines = ended.stderr.splitlines()
    assert lines[-1] == "etl.py, line 2: ValueError: no such day"
    assert not any("run_script.py" in line for line in lines)


def test_the_definition_names_the_largest_script() -> None:
    definition = (ROOT / "templates" / "run-script" / "template.yaml").read_text()

    assert f"maxBytes: {MAX_BYTES}\n" in definition
