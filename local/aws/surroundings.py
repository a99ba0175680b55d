"""What the emulator finds around it: environment, port, folder for temporary files, Node."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from importlib.metadata import version
from pathlib import Path

from configuration import Configuration

MINISTACK_VERSION = "1.5.33"
NODE_MAJOR = "v24."

# What of the caller's environment the emulator, and with it every Lambda, may see.
_KEPT = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TZ", "JOBGATE_RUN")

_FIXED_SETTINGS = {
    "BIND_HOST": "127.0.0.1",
    "MINISTACK_HOST": "127.0.0.1",
    "MINISTACK_ACCOUNT_ID": "000000000000",
    "MINISTACK_REGION": "us-east-1",
    "AUTH": "true",
    "IOT_MTLS_ENABLED": "0",
    "SFTP_ENABLED": "0",
    "PERSIST_STATE": "0",
    "S3_PERSIST": "0",
    "LAMBDA_EXECUTOR": "local",
    "LOG_LEVEL": "WARNING",
}

# What no Lambda must see of the emulator's settings.
EMULATOR_SETTINGS = (
    *_FIXED_SETTINGS,
    "GATEWAY_PORT",
    "STATE_DIR",
    "S3_DATA_DIR",
    "DOCKER_HOST",
)


class SurroundingsError(Exception):
    """Something that the emulator needs is absent; the message says what to do."""


def bind_loopback() -> socket.socket:
    """Bind a free port before anything is imported: the emulator reads its port at import."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.bind(("127.0.0.1", 0))
    return listener


def emulator_settings(port: int, configuration: Configuration) -> dict[str, str]:
    """The emulator's own settings: one loopback listener, role sessions, nothing persisted."""
    data = configuration.data_directory
    return {
        **_FIXED_SETTINGS,
        "GATEWAY_PORT": str(port),
        "STATE_DIR": str(data / "state"),
        "S3_DATA_DIR": str(data / "s3"),
        # A socket that cannot exist: the emulator must neither use nor reap containers.
        "DOCKER_HOST": f"unix://{data / 'no-container-engine.sock'}",
    }


def replace_environment(settings: dict[str, str]) -> None:
    """Leave only what is kept from the caller and the settings in the process's environment."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    os.environ.clear()
    os.environ.update({**kept, **settings})


def make_temporary_folder() -> Path:
    """Give this process one folder for everything temporary, where `.js` means CommonJS.

    The emulator's Node worker is a CommonJS script; below a package.json that says "module" it
    would not start.
    """
    folder = Path(tempfile.mkdtemp(prefix="jobgate-aws-"))
    (folder / "package.json").write_text('{"type":"commonjs"}\n', encoding="utf-8")
    tempfile.tempdir = str(folder)
    return folder


def check_versions() -> None:
    """Refuse an emulator or a Node other than those that the fixes were written for."""
    found = version("ministack")
    if found != MINISTACK_VERSION:
        raise SurroundingsError(
            f"ministack {found} is installed and {MINISTACK_VERSION} is needed: "
            "the fixes patch its private functions"
        )
    node = shutil.which("node")
    if node is None:
        raise SurroundingsError("no node on PATH: put the folder of Node 24 first on PATH")
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    if not answer.stdout.startswith(NODE_MAJOR):
        raise SurroundingsError(
            f"node on PATH is {answer.stdout.strip()}: put the folder of Node 24 first on PATH"
        )
