"""The configuration file of the local AWS, parsed strictly."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

_KEYS = ("stdinIsLease", "dataDirectory")


class ConfigurationError(Exception):
    """A configuration file that does not say what it must; the message names the key."""


@dataclass(frozen=True)
class Configuration:
    """What the local AWS is told by the process that starts it."""

    stdin_is_lease: bool
    data_directory: Path


def read_configuration(path: Path) -> Configuration:
    """Read the file; raise ConfigurationError with the first fault."""
    try:
        return parse_configuration(path.read_text(encoding="utf-8"))
    except OSError as cause:
        raise ConfigurationError(f"{path} cannot be read: {cause.strerror}") from cause


def parse_configuration(text: str) -> Configuration:
    """Parse the text of the file: every key is known, present and well typed."""
    table = _parse_table(text)
    lease, directory = table["stdinIsLease"], table["dataDirectory"]
    if not isinstance(lease, bool):
        raise ConfigurationError("stdinIsLease must be true or false")
    if not isinstance(directory, str) or not Path(directory).is_absolute():
        raise ConfigurationError("dataDirectory must be an absolute path")
    return Configuration(stdin_is_lease=lease, data_directory=Path(directory))


def _parse_table(text: str) -> dict[str, object]:
    try:
        table = json.loads(text)
    except ValueError as cause:
        raise ConfigurationError("the file is not JSON") from cause
    if not isinstance(table, dict):
        raise ConfigurationError("the file must be an object")
    for key in table:
        if key not in _KEYS:
            raise ConfigurationError(f"the file has the unknown key {json.dumps(key)}")
    for key in _KEYS:
        if key not in table:
            raise ConfigurationError(f"the file lacks the key {json.dumps(key)}")
    return table
