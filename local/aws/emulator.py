"""Serving: the emulator's application on the bound listener, and its orderly end."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Callable

import fidelity
from fidelity import lambda_workers
from fidelity._ministack import app as ministack
from fidelity.wire import with_wire_facts
from hypercorn.asyncio import serve as hypercorn_serve
from hypercorn.config import Config

_READY_PATH = "/_ministack/health"
_READY_SECONDS = 20.0
_GRACE_SECONDS = 0.5


async def serve(
    listener: socket.socket, stdin_is_lease: bool, announce: Callable[[], None]
) -> None:
    """Serve until a signal, or the end of standard input if it is a lease; end every Lambda."""
    fidelity.apply()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if stdin_is_lease:
        threading.Thread(target=_watch_lease, args=(loop, stop), daemon=True).start()
    port = listener.getsockname()[1]
    server = asyncio.create_task(_serve_until(listener, stop))
    ready = asyncio.create_task(_wait_until_ready(port))
    await asyncio.wait({server, ready}, return_when=asyncio.FIRST_COMPLETED)
    if ready.done() and not ready.exception():
        announce()
    else:
        stop.set()
    await server
    ready.cancel()


async def _serve_until(listener: socket.socket, stop: asyncio.Event) -> None:
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.keep_alive_timeout = 75
    config.loglevel = "WARNING"
    config.graceful_timeout = _GRACE_SECONDS
    config.shutdown_timeout = _GRACE_SECONDS
    # Header names keep the client's spelling, as in the events of API Gateway.
    config.h11_pass_raw_headers = True

    async def stopped() -> None:
        await stop.wait()
        # A request ends only when its Lambda ends, so the Lambdas go first.
        await asyncio.to_thread(lambda_workers.end_all)

    await hypercorn_serve(with_wire_facts(ministack.app), config, shutdown_trigger=stopped)


async def _wait_until_ready(port: int) -> None:
    deadline = asyncio.get_running_loop().time() + _READY_SECONDS
    while not await _answers(port):
        if asyncio.get_running_loop().time() > deadline:
            raise TimeoutError(f"no answer on port {port} within {_READY_SECONDS:g} s")
        await asyncio.sleep(0.02)


async def _answers(port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.write(f"GET {_READY_PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    line = await reader.readline()
    writer.close()
    return b" 200" in line


def _watch_lease(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """The pipe on standard input ends with the process that holds it."""
    try:
        while os.read(0, 4096):
            pass
    except OSError:
        pass
    loop.call_soon_threadsafe(stop.set)
