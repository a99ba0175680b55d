from __future__ import annotations

import hashlib
import json
from pathlib import Path

from programs import ROOT, run_program
from pyspark.sql import SparkSession
from run_script import parse_options, run
from scripts import put_script
from sql_script import split_statements

EXAMPLE = ROOT / "templates" / "run-script" / "example.sql"


def run_here(session: SparkSession, folder: Path, name: str, content: str) -> dict[str, object]:
    script = put_script(folder, name, content)
    arguments = ["--script", script, "--output", f"{(folder / 'output').as_uri()}/"]
    report = run(session, parse_options(arguments))
    assert json.loads((folder / "output" / "report.json").read_text()) == report
    return report


def texts(session: SparkSession, text: str) -> list[tuple[str, int, int]]:
    return [(each.text, each.line, each.column) for each in split_statements(session, text)]


def test_the_rows_of_the_last_statement_are_written(session: SparkSession, tmp_path: Path) -> None:
    report = run_here(session, tmp_path, "example.sql", EXAMPLE.read_text())

    rows = session.read.parquet(str(tmp_path / "output" / "rows")).collect()
    assert [(row.weekday, row.days) for row in rows] == [
        ("Monday", 53),
        ("Tuesday", 53),
        ("Friday", 52),
        ("Saturday", 52),
        ("Sunday", 52),
        ("Thursday", 52),
        ("Wednesday", 52),
    ]
    assert [report["kind"], report["statements"], report["rowsOut"]] == ["sql", 2, 7]


def test_a_file_that_ends_with_a_command_has_no_rows(session: SparkSession, tmp_path: Path) -> None:
    report = run_here(session, tmp_path, "v.sql", "CREATE OR REPLACE TEMP VIEW v AS SELECT 1 AS a;")

    assert [report["statements"], report["rowsOut"]] == [1, None]
    assert not (tmp_path / "output" / "rows").exists()


def test_a_python_file_finds_the_session_and_the_output(
    session: SparkSession, tmp_path: Path
) -> None:
    text = """\
import sys
from pyspark.sql.functions import udf

twice = udf(lambda value: value * 2, "long")
if __name__ == "__main__":
    assert sys.argv == ["etl.py", output]
    spark.range(3).select(twice("id").alias("twice")).write.parquet(output + "rows")
    sys.exit(0)
"""
    before = Path.cwd()
    report = run_here(session, tmp_path, "etl.py", text)

    rows = session.read.parquet(str(tmp_path / "output" / "rows")).collect()
    assert sorted(row.twice for row in rows) == [0, 2, 4]
    assert report["kind"] == "py"
    assert Path.cwd() == before


def test_the_report_says_what_ran(session: SparkSession, tmp_path: Path) -> None:
    report = run_here(session, tmp_path, "one.sql", "SELECT 1 AS one")

    assert [report["bytes"], report["sha256"]] == [
        15,
        hashlib.sha256(b"SELECT 1 AS one").hexdigest(),
    ]
    assert str(report["script"]).endswith(f"/{report['sha256']}/one.sql")


def test_statements_end_at_semicolons_that_are_no_part_of_anything(session: SparkSession) -> None:
    text = (
        "-- first; not the end\n"
        'SELECT \';\' AS a, "x;\\";y" AS b, `c;d` FROM t -- ; behind\n'
        "; /* ; /* ; nested */ ; */\n"
        "  SELECT 'it''s; --' /* ; */ , 2;;\n"
        ";\n"
        "SELECT 'Zürich 🚲; x' AS ü;  SELECT r'\\'; SELECT 4"
    )

    assert texts(session, text) == [
        ('SELECT \';\' AS a, "x;\\";y" AS b, `c;d` FROM t', 2, 1),
        ("SELECT 'it''s; --' /* ; */ , 2", 4, 3),
        ("SELECT 'Zürich 🚲; x' AS ü", 6, 1),
        ("SELECT r'\\'", 6, 29),
        ("SELECT 4", 6, 42),
    ]


def test_what_holds_no_statement_has_none(session: SparkSession) -> None:
    for text in ("", " \n", "-- nothing", ";;", "/* ; */ ;"):
        assert texts(session, text) == []


def test_the_program_runs_the_example_in_a_process_of_its_own(tmp_path: Path) -> None:
    script = put_script(tmp_path, "example.sql", EXAMPLE.read_bytes())
    output = tmp_path / "output"
    arguments = ["--script", script, "--output", f"{output.as_uri()}/"]

    ended = run_program("run-script/run_script.py", arguments, tmp_path)

    assert ended.returncode == 0, ended.stderr[-2000:]
    digest = script.split("/")[-2]
    assert ended.stdout == (
        f"running example.sql, {EXAMPLE.stat().st_size} bytes, SHA-256 {digest}\n"
        f"wrote 7 rows to {output.as_uri()}/rows/\n"
    )
