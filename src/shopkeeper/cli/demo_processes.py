"""The two processes a demo starts: the server, and the simulated shoppers that browse it."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from shopkeeper.errors import ConfigError, FieldProblem, Unavailable

READY_SECONDS = 60.0
STOP_SECONDS = 25.0
"""Longer than the server takes to finish what runs."""
HOST = "127.0.0.1"


class Child:
    """One process of our own, its log in a file.

    Args:
        verb: What `shopkeeper` is asked to do.
        log: Where its progress goes.
    """

    def __init__(self, verb: Sequence[str], log: Path) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self.name, self.log = verb[0], log
        with log.open("ab") as progress:
            self.process = subprocess.Popen(  # noqa: S603 - our own program, no shell
                [sys.executable, "-m", "shopkeeper", *verb, "--json"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=progress,
                start_new_session=True,  # Ctrl-C reaches the parent alone, which ends its children in order
            )

    def document(self, seconds: float) -> dict[str, Any]:
        """Return the one JSON document the process prints.

        Raises:
            Unavailable: it ended or the time was over before it said anything; names its log.
        """
        assert self.process.stdout is not None  # noqa: S101 - opened as a pipe above
        with selectors.DefaultSelector() as ready:
            ready.register(self.process.stdout, selectors.EVENT_READ)
            line = self.process.stdout.readline() if ready.select(seconds) else b""
        try:
            document: dict[str, Any] = msgspec.json.decode(line)
        except msgspec.DecodeError as error:
            code = self.stop()
            said = self.log.read_text("utf-8", errors="replace").strip().splitlines()[-3:]
            reason = f"`shopkeeper {self.name}` did not start (exit code {code}): {' '.join(said) or 'it said nothing'}"
            raise Unavailable(reason, f"Its whole log is {self.log}.") from error
        return document

    @property
    def running(self) -> bool:
        """True while the process lives."""
        return self.process.poll() is None

    def stop(self) -> int:
        """End the process in order, by force only if it does not end, and return its exit code."""
        if self.running:
            self.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.process.wait(STOP_SECONDS)
        self.process.kill()
        return self.process.wait()

    def close(self) -> None:
        """End the process and let go of its output."""
        self.stop()
        if self.process.stdout is not None:
            self.process.stdout.close()


def start_server(workspace: Path, port: int) -> tuple[Child, str]:
    """Start the server of a workspace and return it with its address, once it answers."""
    child = Child(["serve", "--workspace", str(workspace), "--port", str(port)], workspace / "demo-logs" / "serve.log")
    try:
        return child, str(child.document(READY_SECONDS)["url"])
    except BaseException:
        child.close()
        raise


def start_shoppers(workspace: Path, keys: Path, url: str, seconds: float, *, quick: bool) -> Child:
    """Let simulated shoppers browse a server.

    Args:
        seconds: How long; 0 = until stopped.
        quick: They hardly think, so that a short run sees enough of them.
    """
    think, rate = ("0.2", "80") if quick else ("2.0", "20")
    verb = [
        "simulate", "--url", url, "--keys", str(keys), "--seconds", f"{seconds:g}", "--think", think, "--rate", rate,
        "--seed", str(time.time_ns() % 1_000_000),
    ]  # fmt: skip
    return Child(verb, workspace / "demo-logs" / "simulate.log")


def check_port(port: int) -> None:
    """Raise ConfigError when a port is taken, so that nobody waits for a preparation that ends in nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError as error:
            reason = f"{HOST}:{port} cannot be listened on: {os.strerror(error.errno or 0)}"
            remedy = "Choose another with `--port`, or stop what uses it."
            raise ConfigError(f"{reason}.", remedy, (FieldProblem("port", reason, remedy),)) from error
