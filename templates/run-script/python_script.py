"""Runs a caller's Python file in this interpreter, and says where in it a failure is."""

from __future__ import annotations

import os
import runpy
import sys
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any


class ScriptError(Exception):
    """The script failed; the message ends with its file, line and reason."""


def run_python(path: Path, names: dict[str, Any], arguments: list[str]) -> None:
    """Run a file with these names defined; raise ScriptError if it fails."""
    before = Path.cwd()
    os.chdir(path.parent)
    sys.argv = [path.name, *arguments]
    try:
        # By its name alone, so that tracebacks call the file as its author does.
        runpy.run_path(path.name, init_globals=names, run_name="__main__")
    except SystemExit as end:
        if end.code not in (None, 0):
            raise ScriptError(f"{path.name} ended itself: {end.code}") from None
    except BaseException as error:
        raise ScriptError(render_failure(error, path.name)) from None
    finally:
        os.chdir(before)


def render_failure(error: BaseException, name: str) -> str:
    """Return the traceback from the script's first frame on; its last line sums it up."""
    trace = find_frame(error.__traceback__, name)
    lines = traceback.format_exception(type(error), error, trace)
    reason = traceback.format_exception_only(type(error), error)[-1].strip().partition("\n")[0]
    return f"{''.join(lines).rstrip()}\n{name}, line {find_line(error, trace, name)}: {reason}"


def find_frame(trace: TracebackType | None, name: str) -> TracebackType | None:
    """Return the first part of a traceback that is in a file; None when none is."""
    while trace is not None and trace.tb_frame.f_code.co_filename != name:
        trace = trace.tb_next
    return trace


def find_line(error: BaseException, trace: TracebackType | None, name: str) -> int:
    """Return the innermost line of the file that led to the error, or that is no Python."""
    if isinstance(error, SyntaxError) and error.filename == name:
        return error.lineno or 1
    frames = traceback.walk_tb(trace)
    lines = [line for frame, line in frames if frame.f_code.co_filename == name]
    return lines[-1] if lines else 1
