"""How fast other servers answer with `implicit` ALS, measured as our own: one core for the server, one for the client.

The peers run with a Python of their own, as MLflow's pins and ours exclude each other:

    python -m venv PEERS && PEERS/bin/pip install -r benchmarks/peers/requirements.txt
    python benchmarks/serve.py --peers-python PEERS/bin/python
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any, Final

from shopkeeper.testing.load import http_request, load

HERE: Final = Path(__file__).parent
USERS: Final = 50_000
START_SECONDS: Final = 90.0


@dataclass(frozen=True, slots=True)
class Peer:
    """How a peer is asked.

    Attributes:
        body: What is sent for a shopper.
    """

    path: str
    body: Callable[[int], str]


PEERS: Final = {
    "litserve": Peer("/predict", lambda user: f'{{"user": {user}}}'),
    "bentoml": Peer("/recommend", lambda user: f'{{"user": {user}}}'),
    "mlflow": Peer("/invocations", lambda user: f'{{"dataframe_split": {{"columns": ["user"], "data": [[{user}]]}}}}'),
}


def measured_peers(python: Path, core: int, connections: int, seconds: float) -> tuple[dict[str, Any], list[str]]:
    """Return the figures of each peer that `python` can run, and the names of the others."""
    present = [name for name in PEERS if _runs(python, f"import implicit, {name}")]
    found: dict[str, Any] = {}
    if present:
        with tempfile.TemporaryDirectory() as folder:
            _run(python, f"import als, pathlib; als.write_als(pathlib.Path({folder!r}))")
            found = {name: _measured(python, name, Path(folder), core, connections, seconds) for name in present}
    return found, [name for name in PEERS if name not in present]


def best_peer(peers: dict[str, Any]) -> dict[str, Any] | None:
    """Return the figures of the peer that answers most a second; None where none was measured."""
    return max(peers.values(), key=lambda one: float(one["rps"]), default=None)


def _measured(
    python: Path, name: str, folder: Path, core: int, connections: int, seconds: float
) -> dict[str, float | int]:
    port = _free_port()
    command = ["taskset", "-c", str(core), str(python), f"{name}_server.py", str(folder), str(port)]
    process = subprocess.Popen(  # noqa: S603 - our own command
        command, cwd=HERE, env=_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait_until_answered(name, port, process)
        asyncio.run(load("127.0.0.1", port, _requests(name), connections, 1.0))
        before = _cpu_seconds(process.pid)
        result = asyncio.run(load("127.0.0.1", port, _requests(name), connections, seconds))
        cpu = _cpu_seconds(process.pid) - before
    finally:
        _kill(process.pid)
        process.wait()
    return {
        "rps": round(result.rps, 1), "p50_ms": round(result.percentile_ms(0.50), 2),
        "p99_ms": round(result.percentile_ms(0.99), 2), "cpu_us": round(1e6 * cpu / max(len(result.milliseconds), 1)),
        "errors": result.errors,
    }  # fmt: skip


def _requests(name: str) -> Iterator[bytes]:
    peer = PEERS[name]
    return cycle([http_request("POST", peer.path, peer.body(7 * n % USERS).encode()) for n in range(5_000)])


def _wait_until_answered(name: str, port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        try:
            one = asyncio.run(load("127.0.0.1", port, _requests(name), 1, 5.0, most=1))
        except OSError:
            time.sleep(0.3)
            continue
        if one.statuses.get(200):
            return
        time.sleep(0.3)
    raise SystemExit(f"The server of {name} does not answer; run benchmarks/peers/{name}_server.py by hand to see why.")


def _cpu_seconds(root: int) -> float:
    """Return the processor time of a process and of all that descend from it, those that have ended too."""
    stats = _stats()
    ticks = sum(int(column) for process in _family(root, stats) for column in stats[process][11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def _kill(root: int) -> None:
    """End a process and all that descend from it; some peers' workers leave its session."""
    for process in _family(root, _stats()):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def _family(root: int, stats: Mapping[int, list[str]]) -> list[int]:
    """Return a process and its descendants."""
    found = [root]
    for parent in found:
        found += [process for process, columns in stats.items() if int(columns[1]) == parent]
    return found


def _stats() -> dict[int, list[str]]:
    """Return what the kernel says of each process, from its state on."""
    stats = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            stats[int(file.parent.name)] = file.read_text("utf-8").rsplit(")", 1)[1].split()
    return stats


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _environment() -> dict[str, str]:
    """Return the environment of a peer: one thread for algebra, and nothing of ours on its path."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return {**kept, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "BENTOML_DO_NOT_TRACK": "1"}


def _runs(python: Path, code: str) -> bool:
    command = [str(python), "-W", "ignore", "-c", code]
    done = subprocess.run(command, check=False, cwd=HERE, env=_environment(), capture_output=True)  # noqa: S603
    return done.returncode == 0


def _run(python: Path, code: str) -> None:
    subprocess.run([str(python), "-W", "ignore", "-c", code], cwd=HERE, env=_environment(), check=True)  # noqa: S603
