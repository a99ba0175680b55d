"""The local AWS: ministack in this process on a free loopback port, with our fidelity fixes.

    python local/aws/main.py --config <file.json>

Prints `{"ready":true,"aws":"http://127.0.0.1:P","pid":N}` when it serves. Ends with status 0 on
SIGTERM, SIGINT or, with `stdinIsLease`, when standard input ends; with status 2 when the
configuration is at fault.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import sys
from pathlib import Path

# The folder of the sources stays as it is.
sys.dont_write_bytecode = True

from configuration import Configuration, ConfigurationError, read_configuration
from surroundings import (
    SurroundingsError,
    bind_loopback,
    check_versions,
    emulator_settings,
    make_temporary_folder,
    replace_environment,
)


def run(configuration: Configuration) -> None:
    """Serve until asked to stop, then leave nothing behind."""
    configuration.data_directory.mkdir(parents=True, exist_ok=True)
    listener = bind_loopback()
    port = listener.getsockname()[1]
    replace_environment(emulator_settings(port, configuration))
    check_versions()
    folder = make_temporary_folder()
    try:
        # Imported here because the emulator reads its environment while it is imported.
        from emulator import serve

        asyncio.run(serve(listener, configuration.stdin_is_lease, lambda: announce(port)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def announce(port: int) -> None:
    """Print the ready line, the only line on standard output."""
    ready = {"ready": True, "aws": f"http://127.0.0.1:{port}", "pid": os.getpid()}
    print(json.dumps(ready, separators=(",", ":")), flush=True)


def main() -> int:
    """Parse the command line, run, and return the exit status."""
    parser = argparse.ArgumentParser(prog="local/aws")
    parser.add_argument("--config", type=Path, required=True)
    try:
        run(read_configuration(parser.parse_args().config))
    except ConfigurationError as error:
        print(f"local/aws: {error}", file=sys.stderr)
        return 2
    except SurroundingsError as error:
        print(f"local/aws: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads of the emulator may still wait for calls that nobody awaits any more.
    os._exit(status)
