"""The processes that run functions: ended in time, quick to hand over logs, and like the runtime.

- A function that throws keeps its environment, as on Lambda; the emulator would end the process.
- Log lines are complete when the result is: the worker marks their end on stderr, so the emulator
  need not wait 50 ms for lines that may never come.
- `console` writes what the Node.js runtime writes: time, request id and level before the text.
- Calls over https go where they say; the emulator's worker would send them to the emulator.
- The environment holds what Lambda sets, and none of the emulator's own settings.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/ pages lambda-runtime-environment,
nodejs-logging and configuration-envvars.
"""

from __future__ import annotations

import io
import queue
import subprocess
import time
from types import SimpleNamespace
from typing import Any

from surroundings import EMULATOR_SETTINGS

from fidelity._ministack import Table, lambda_runtime, lambda_service

_END_OF_LOG = "\x1fjobgate-end-of-log"
_LOG_SECONDS = 0.25
_THROWN = "jobgateThrown"

_CONSOLE = r"""
const { format } = require("util");
for (const method of ["debug", "info", "log", "trace", "warn", "error"]) {
  const level = method === "log" ? "INFO" : method.toUpperCase();
  console[method] = (...values) => {
    const text = format(...values).replace(/\n/g, "\r");
    const id = globalThis.lambdaRequestId || "undefined";
    process.stdout.write(`${new Date().toISOString()}\t${id}\t${level}\t${text}\n`);
  };
}
"""

# (what the emulator's worker says, what it shall say)
_EDITS = (
    (
        "const _realStdoutWrite = process.stdout.write.bind(process.stdout);",
        "const _rawStdoutWrite = process.stdout.write.bind(process.stdout);\n"
        "const _realStdoutWrite = (line) => {\n"
        '  if (!line.startsWith(\'{"status":"ready"\')) process.stderr.write("'
        f"{_END_OF_LOG}"
        '\\n");\n'
        "  return _rawStdoutWrite(line);\n"
        "};",
    ),
    ("      patchAwsSdk();\n", ""),
    ("let handlerFn = null;\n", f"let handlerFn = null;\n{_CONSOLE}"),
    (
        "const rl = readline.createInterface({ input: process.stdin, terminal: false });\n",
        "const rl = readline.createInterface({ input: process.stdin, terminal: false });\n"
        'rl.on("close", () => process.exit(0));\n',
    ),
    (
        "    const ctx = msg.ctx || {};\n",
        "    const ctx = msg.ctx || {};\n    globalThis.lambdaRequestId = ctx.request_id;\n",
    ),
    (
        'status: "error", error: String(err.message || err), trace: err.stack || ""',
        f'status: "ok", result: {{ {_THROWN}: _thrown(err) }}',
    ),
    (
        'status: "error", error: e.message, trace: e.stack',
        f'status: "ok", result: {{ {_THROWN}: _thrown(e) }}',
    ),
)
_THROWN_FUNCTION = """
function _thrown(error) {
  const known = error instanceof Error;
  const errorType = known ? error.name : typeof error;
  const errorMessage = known ? error.message : String(error);
  const stack = known ? String(error.stack).split("\\n") : [];
  console.error("Invoke Error", "\\t" + JSON.stringify({ errorType, errorMessage, stack }));
  return { errorType, errorMessage, trace: stack };
}
"""

_stopping = False


def install() -> None:
    """Edit the emulator's worker script and replace the steps around it."""
    script = lambda_runtime._NODEJS_WORKER_SCRIPT
    for found, wanted in _EDITS:
        if script.count(found) != 1:
            raise RuntimeError(f"the emulator's worker script does not hold once: {found!r}")
        script = script.replace(found, wanted)
    lambda_runtime._NODEJS_WORKER_SCRIPT = script + _THROWN_FUNCTION
    lambda_runtime.subprocess = SimpleNamespace(**{**vars(subprocess), "Popen": _start})
    lambda_runtime.Worker._drain_stderr_bounded = _drain_until_end
    lambda_service._execute_function_warm = _with_thrown_errors(
        lambda_service._execute_function_warm
    )


def end_all() -> None:
    """End every worker, start none any more, and remove their folders; at most 2.5 s."""
    global _stopping
    _stopping = True
    lambda_runtime.reset()


def _start(command: list[str], *, env: dict[str, str], **named: Any) -> subprocess.Popen[str]:
    if _stopping:
        raise RuntimeError("the local AWS is stopping")
    name = env.get("AWS_LAMBDA_FUNCTION_NAME", "")
    kept = {key: value for key, value in env.items() if key not in EMULATOR_SETTINGS}
    lambda_set = {
        "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs24.x",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
        "TZ": ":UTC",
    }
    worker: subprocess.Popen[str] = subprocess.Popen(
        command, env={**lambda_set, **kept}, encoding="utf-8", errors="replace", **named
    )
    if isinstance(worker.stderr, io.TextIOWrapper):
        # A carriage return is part of a log line; only a line feed ends it.
        worker.stderr.reconfigure(newline="\n")
    return worker


def _drain_until_end(worker: Any, **_waits: Any) -> str:
    """The lines of this invocation: those before the mark that precedes its result."""
    lines: list[str] = []
    deadline = time.monotonic() + _LOG_SECONDS
    while (left := deadline - time.monotonic()) > 0:
        try:
            line = worker._stderr_queue.get(timeout=left)
        except queue.Empty:
            break
        if line == _END_OF_LOG:
            break
        lines.append(line)
    return _Lines("\n".join(lines))


class _Lines(str):
    """Log text of which only a line feed ends a line, as in CloudWatch Logs."""

    __slots__ = ()

    def splitlines(self, keepends: bool = False) -> list[str]:
        lines = self.split("\n")
        return [f"{line}\n" for line in lines] if keepends else lines


def _with_thrown_errors(execute: Any) -> Any:
    """Turn the worker's account of a thrown error back into a failed invocation."""

    def execute_with_thrown_errors(*arguments: Any, **named: Any) -> Table:
        result: Table = execute(*arguments, **named)
        body = result.get("body")
        if not isinstance(body, dict) or _THROWN not in body:
            return result
        return {"body": body[_THROWN], "error": True, "log": result.get("log", "")}

    return execute_with_thrown_errors
