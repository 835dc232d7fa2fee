"""Servers of one workspace behind a real NGINX that reads the files of deploy/, and shoppers who never stop asking."""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.deploy.manifests import NGINX

from shopkeeper.testing.small_shop import NAMES, STORE

PATIENCE_SECONDS = 120.0
NOT_EPHEMERAL = range(20_000, 32_000)
"""Ports the kernel gives to nobody by itself, so that one stays free while its server is away."""
SHOPPERS = 4
THINK_SECONDS = 0.02
"""How long a shopper looks before the next click: the machine is for the servers, too."""


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait until something holds."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, f"not within {PATIENCE_SECONDS:g} s: {what}"
        time.sleep(0.02)


def free_port() -> int:
    """Return a port nobody listens on."""
    for port in random.sample(NOT_EPHEMERAL, 100):
        with socket.socket() as tried:
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")


@dataclass
class Server:
    """A `shopkeeper serve` at a port of its own, also after it was started anew."""

    workspace: Path
    port: int
    process: subprocess.Popen[str]

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def wait_until_ready(self) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline(), f"ended with {self.process.wait()} before it was ready"

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def bound_files(self, most_bytes: int) -> None:
        """Let no file of the process grow beyond so many bytes: to it the disk is full."""
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (most_bytes, resource.RLIM_INFINITY))

    def end(self, number: int) -> int:
        """Send a signal that ends it and return its exit code."""
        self.signal(number)
        code = self.process.wait(PATIENCE_SECONDS)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code

    def restart(self) -> None:
        self.process = serve(self.workspace, self.port)
        self.wait_until_ready()


def serve(workspace: Path, port: int) -> subprocess.Popen[str]:
    """Start a server. Its log goes nowhere: a file would be bounded like the others."""
    command = [
        sys.executable,
        "-m",
        "shopkeeper",
        "serve",
        "--port",
        str(port),
        "--json",
        "--workspace",
        str(workspace),
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def start_servers(workspace: Path, number: int) -> list[Server]:
    """Start servers side by side and return them when they are ready."""
    servers = []
    for port in [free_port() for _ in range(number)]:
        servers.append(Server(workspace, port, serve(workspace, port)))
    for server in servers:
        server.wait_until_ready()
    return servers


class Nginx:
    """NGINX with the files of deploy/nginx as they are, but the two that a shop writes: servers and where to listen."""

    def __init__(self, program: str, folder: Path, servers: list[str], backup: str) -> None:
        self.program, self.folder, self.port = program, folder, free_port()
        self._log = folder / "answers.jsonl"
        for name in ("nginx.conf", "shopper.conf", "server.conf"):
            shutil.copy(NGINX / name, folder)
        lines = "\n".join(f"    server {one} max_fails=3 fail_timeout=1s;" for one in servers)
        text = (NGINX / "upstreams.conf").read_text("utf-8")
        text = _replaced(text, "    server 10.0.0.11:8000 max_fails=3 fail_timeout=5s;\n", "")
        text = _replaced(text, "    server 10.0.0.12:8000 max_fails=3 fail_timeout=5s;", lines)
        (folder / "upstreams.conf").write_text(_replaced(text, "10.0.0.21:8000", backup))
        (folder / "listen.conf").write_text(f"listen 127.0.0.1:{self.port};\n")
        user = "user root; " if os.geteuid() == 0 else ""  # its workers must reach the folders of the test
        with self._log.open("a") as log, (folder / "errors.txt").open("a") as errors:
            command = [program, "-p", f"{folder}/", "-c", str(folder / "nginx.conf"), "-g", f"{user}daemon off;"]
            self._process = subprocess.Popen(command, stdout=log, stderr=errors)
        until(self._listens, "NGINX listens")

    def answers(self) -> list[dict[str, Any]]:
        """Return what it logged, oldest first."""
        whole = self._log.read_text("utf-8").rpartition("\n")[0]
        return [json.loads(line) for line in whole.splitlines()]

    def until_served_by(self, server: Server) -> None:
        """Wait until a server gives a shopper an answer from now on, at the first asking or another."""
        self._until_logged(lambda one: one["servers"].endswith(server.address) and one["status"] < 300, "it answers")

    def until_turned_away(self, server: Server, status: int, what: str) -> None:
        """Wait until a request came to a server from now on, was not answered there, and then was elsewhere.

        Args:
            status: What NGINX noted of the server: its own, 502 for a broken connection, 504 for a time-out.
        """
        turned = (server.address, str(status))
        self._until_logged(lambda one: turned in tries(one)[:-1] and one["status"] < 300, what)

    def _until_logged(self, fits: Callable[[dict[str, Any]], bool], what: str) -> None:
        seen = len(self.answers())
        until(lambda: any(fits(one) for one in self.answers()[seen:]), what)

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)

    def _listens(self) -> bool:
        assert self._process.poll() is None, (self.folder / "errors.txt").read_text("utf-8")
        with socket.socket() as tried:
            return tried.connect_ex(("127.0.0.1", self.port)) == 0


def tries(answer: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the servers that were asked for an answer, in their order, and what came of each."""
    servers, statuses = (re.split(", | : ", answer[name]) for name in ("servers", "server_statuses"))
    return list(zip(servers, statuses, strict=True))


def _replaced(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, old
    return text.replace(old, new)


def call(port: int, key: str, method: str, path: str, body: object = None) -> tuple[int, dict[str, str], bytes]:
    """Send one request over a connection of its own; return status, headers and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    try:
        headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


class Shoppers:
    """People who look at products and ask for others, each from one device, until they leave."""

    def __init__(self, port: int, key: str) -> None:
        self._port, self._key = port, key
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._shop, args=(n,)) for n in range(SHOPPERS)]
        self.asked = 0
        self.taken: list[str] = []
        """Events that were taken, by their ids."""
        self.failed: list[str] = []
        for thread in self._threads:
            thread.start()

    def leave(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)
            assert not thread.is_alive()

    def _shop(self, number: int) -> None:
        visits = 0
        while not self._over.wait(THINK_SECONDS):
            visits += 1
            visitor = f"{number}-{visits % 10}"
            event_id = f"e-{number}-{visits}"
            event = {"event_id": event_id, "ts": datetime.now(UTC).isoformat(), "store": STORE, "type": "view",
                     "product": NAMES[visits % len(NAMES)], "visitor": visitor}  # fmt: skip
            if self._ask("/v1/events", event, 202):
                self.taken.append(event_id)
            self._ask("/v1/recommendations", {"store": STORE, "k": 3, "visitor": visitor}, 200)

    def _ask(self, path: str, body: object, wanted: int) -> bool:
        self.asked += 1
        try:
            status, _, answer = call(self._port, self._key, "POST", path, body)
        except (OSError, http.client.HTTPException) as error:
            self.failed.append(f"{path}: {error!r}")
            return False
        if status != wanted:
            self.failed.append(f"{path}: {status} {answer[:200]!r}")
        return status == wanted
