"""A Shopkeeper server as a process of its own, and the empty server it is compared with."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

EMPTY_APP = """
import sys, uvicorn
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"{}"})
config = uvicorn.Config(app, loop="uvloop", http="httptools", ws="none", access_log=False, log_level="warning", port=0)
class Server(uvicorn.Server):
    async def startup(self, sockets=None):
        await super().startup(sockets)
        print('{"url": "http://127.0.0.1:%d"}' % self.servers[0].sockets[0].getsockname()[1], flush=True)
Server(config).run()
"""
"""One raw ASGI route that reads and answers as little as it can: what HTTP itself costs here."""


@dataclass
class ServerProcess:
    """A running server."""

    process: subprocess.Popen[str]
    host: str
    port: int

    def cpu_seconds(self) -> float:
        """Return the processor time it has used, its own and the kernel's for it."""
        columns = Path(f"/proc/{self.process.pid}/stat").read_text("utf-8").rsplit(")", 1)[1].split()
        return (int(columns[11]) + int(columns[12])) / os.sysconf("SC_CLK_TCK")

    @contextmanager
    def asleep(self) -> Iterator[None]:
        """Stop the process for a while, so that another can be measured on its core."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def stop(self, seconds: float = 30) -> int:
        """Send SIGTERM and return the exit code; TimeoutExpired where it has not ended in so many seconds."""
        self.process.terminate()
        code = self.process.wait(seconds)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code


def run_verb(workspace: Path, *arguments: str) -> dict[str, Any]:
    """Run a verb of the command with `--json` and return its document.

    Raises:
        subprocess.CalledProcessError: it ended with another code than 0.
    """
    command = [sys.executable, "-m", "shopkeeper", *arguments, "--workspace", str(workspace), "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603 - our own command
    document: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return document


def start_server(workspace: Path, core: int | None = None, workers: int = 1) -> ServerProcess:
    """Start `shopkeeper serve` on a free port and return when it is ready.

    Args:
        core: The only core it may use; None = any.
    """
    arguments = ["--port", "0", "--workers", str(workers), "--json", "--workspace", str(workspace)]
    return _start([sys.executable, "-m", "shopkeeper", "serve", *arguments], core)


def start_empty_server(core: int | None = None) -> ServerProcess:
    """Start the empty server on a free port."""
    return _start([sys.executable, "-c", EMPTY_APP], core)


def _start(command: list[str], core: int | None) -> ServerProcess:
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own command
    if core is not None:
        os.sched_setaffinity(process.pid, {core})
    if process.stdout is None or not (line := process.stdout.readline()):
        raise RuntimeError(f"{' '.join(command[:4])} ended with code {process.wait()} before it was ready.")
    url = urlsplit(json.loads(line)["url"])
    return ServerProcess(process, str(url.hostname), int(url.port or 0))
