"""Job programs as spark-submit runs them: in a process of their own, on local files."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from conftest import find_java_home

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "node_modules" / "vega-datasets" / "data"


def run_program(
    main: str, arguments: Sequence[str], folder: Path, properties: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program of templates/ to its end; Spark keeps its files in the folder."""
    settings = {
        "spark.master": "local[2]",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.extraJavaOptions": f"-XX:-UsePerfData -Djava.io.tmpdir={folder}",
        "spark.local.dir": str(folder),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.ui.enabled": "false",
        **(properties or {}),
    }
    (folder / "spark-defaults.conf").write_text(
        "".join(f"{name} {value}\n" for name, value in settings.items())
    )
    environment = {
        "PATH": os.environ["PATH"],
        "JAVA_HOME": find_java_home() or os.environ.get("JAVA_HOME", ""),
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_CONF_DIR": str(folder),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LAUNCHER_OPTS": "-XX:-UsePerfData",
        "TMPDIR": str(folder),
    }
    command = [sys.executable, "-B", str(ROOT / "templates" / main), *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment, timeout=300
    )
