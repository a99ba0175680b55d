from __future__ import annotations

from pathlib import Path

from programs import SAMPLES, run_program


def test_a_program_runs_in_a_process_of_its_own_and_leaves_its_output(tmp_path: Path) -> None:
    sample = (SAMPLES / "birdstrikes.csv").as_uri()
    output = tmp_path / "output"
    arguments = ["--input", sample, "--output", f"{output.as_uri()}/"]
    arguments += ["--column", "Wildlife Size", "--min-rows", "1"]
    properties = {"spark.sql.parquet.compression.codec": "gzip"}

    ended = run_program("_starter/starter.py", arguments, tmp_path, properties)

    assert ended.returncode == 0, ended.stderr[-2000:]
    assert ended.stdout == f"wrote 3 values of 'Wildlife Size' to {output.as_uri()}/data/\n"
    assert len(list((output / "data").glob("part-*.gz.parquet"))) == 1


def test_a_program_that_fails_says_why(tmp_path: Path) -> None:
    ended = run_program("_starter/starter.py", ["--column", "Wildlife Size"], tmp_path)

    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == (
        "JobError: the following arguments are required: --input, --output, --min-rows"
    )
