"""Several serving processes behind one port: warmed together, started again when they die, and ended together.

The parent serves nothing and starts no thread, so that it can fork at any time: what it has loaded is shared by all of
its workers. Each worker listens on a socket of its own, bound to the same address; the kernel shares connections out
among the sockets that live.
"""

from __future__ import annotations

import contextlib
import gc
import os
import selectors
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, NoReturn

import structlog

from shopkeeper.errors import ConfigError, FieldProblem, ShopkeeperError
from shopkeeper.web.peers import Peers
from shopkeeper.web.server import bind, log_as_json, url_of
from shopkeeper.web.worker import GO, LISTENS, WARMED, serve_as_worker
from shopkeeper.wiring.settings import Settings

STEADY_SECONDS: Final = 60.0
"""A worker that served for so long is started again at once when it dies."""
LONGEST_WAIT_SECONDS: Final = 30.0
TICK_SECONDS = 1.0
STUCK_TICKS = 30
"""A worker that serves and was not heard for so many ticks in a row is killed. Ticks are counted, not time: a machine
or container that was paused counts one."""
FALLS: Final = 5
"""After so many falls in a row of every worker the server gives up."""
_log = structlog.get_logger(__name__)


def run_workers(settings: Settings, host: str, port: int, workers: int, ready: Callable[[str], None]) -> bool:
    """Serve with several processes until a signal comes; say whether each of them ended as it should.

    Args:
        port: 0 = any free one.
        ready: Called with the URL once every worker is warmed and takes connections.

    Raises:
        ConfigError: no cache is set that workers share, the address cannot be listened on, a worker did not start, or
            no worker stays alive.
    """
    if settings.engines.cache_url is None:
        reason = f"{workers} workers need a cache that they share, and `engines.cache_url` is not set"
        raise ConfigError(
            f"{reason}: a shopper's click would be known to one of them alone.",
            "Set `engines.cache_url` to a Valkey or Redis, or use `--workers 1`.",
            (FieldProblem("engines.cache_url", reason, "Set it, such as valkey://localhost:6379/0."),),
        )
    log_as_json()
    bind(host, port).close()  # fails where another server listens; the shared socket alone would not
    with bind(host, port, shared=True) as address, tempfile.TemporaryDirectory(prefix="shopkeeper-") as sockets:
        gc.freeze()  # a collector that walks what is shared would copy it

        def serve(number: int, parent: socket.socket) -> bool:
            peers = Peers(Path(sockets), number, workers)
            return serve_as_worker(settings, host, address.getsockname()[1], peers, parent)

        return Supervisor(serve, workers).run(lambda: ready(url_of(host, address)))


@dataclass(slots=True, eq=False)
class _Worker:
    """One worker and what is known of it.

    Attributes:
        line: The line to it; None while it does not run.
        falls: How often it died since it last served for `STEADY_SECONDS`.
        silent: Ticks in a row in which nothing was heard of it.
        changed_at: When it began to serve, or when it is to be started (again); seconds of `time.monotonic`.
    """

    number: int
    pid: int = 0
    line: socket.socket | None = None
    state: Literal["down", "warming", "warmed", "let go", "serves"] = "down"
    falls: int = 0
    silent: int = 0
    changed_at: float = 0.0


class Supervisor:
    """Starts workers, lets them go once all are warmed, starts again what dies, and passes the end on.

    A worker that dies is started again at once; one that dies again soon waits 1, 2, 4 ... 30 seconds.

    Args:
        serve: What a worker does, given its number, counted from 1, and the line to its parent, on which it says
            `WARMED`, waits for `GO`, and says `LISTENS`; it returns whether it could serve.
        wait: Seconds until a worker is started again, by how often it fell in a row.
    """

    def __init__(
        self,
        serve: Callable[[int, socket.socket], bool],
        workers: int,
        wait: Callable[[int], float] = lambda falls: (
            0.0 if falls == 1 else min(LONGEST_WAIT_SECONDS, 2.0 ** (falls - 2))
        ),
    ) -> None:
        self._serve = serve
        self._wait = wait
        self._workers = [_Worker(number) for number in range(1, workers + 1)]
        self._selector = selectors.DefaultSelector()
        self._stopping = False
        self._next_tick = time.monotonic() + TICK_SECONDS
        self._was_ready = False
        self._well = True

    def run(self, ready: Callable[[], None]) -> bool:
        """Return when all workers have ended after a signal; say whether each ended as it should.

        Raises:
            ConfigError: a worker did not start, or none stays alive.
        """
        with self._signals():
            try:
                while not self._stopping or any(worker.line for worker in self._workers):
                    self._start_due()
                    self._hear()
                    self._let_go(ready)
                    self._tick()
            finally:
                self._stop(signal.SIGTERM)
        return self._well

    def _start_due(self) -> None:
        now = time.monotonic()
        for worker in self._workers:
            if worker.state == "down" and worker.changed_at <= now and not self._stopping:
                self._fork(worker)

    def _fork(self, worker: _Worker) -> None:
        ours, theirs = socket.socketpair()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            self._become(worker, ours, theirs)
        theirs.close()
        worker.pid, worker.line, worker.state = pid, ours, "warming"
        self._selector.register(ours, selectors.EVENT_READ, worker)

    def _become(self, worker: _Worker, ours: socket.socket, theirs: socket.socket) -> NoReturn:
        """Be the worker; nothing of the parent's is left open, or nobody would see the parent end."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            self._selector.close()
            for line in (ours, *(other.line for other in self._workers)):
                if line is not None:
                    line.close()
            code = 0 if self._serve(worker.number, theirs) else 1
        except ShopkeeperError as error:
            _log.error("worker_failed", worker=worker.number, reason=error.reason, remedy=error.remedy)
        except BaseException as error:  # noqa: BLE001 - the outermost frame of a process
            _log.error("worker_failed", worker=worker.number, exc_info=error)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _hear(self) -> None:
        """Wait for a signal, a word or the end of a worker, until one is due, or for a tick."""
        due = [worker.changed_at for worker in self._workers if worker.state == "down" and not self._stopping]
        for key, _ in self._selector.select(max(0.0, min([self._next_tick, *due]) - time.monotonic())):
            if key.data is None:
                for number in _read(key.fileobj):
                    self._on_signal(number)
            else:
                self._on_words(key.data, _read(key.fileobj))

    def _tick(self) -> None:
        """Kill what serves no more though it lives: connections the kernel gives it would wait for ever."""
        if time.monotonic() < self._next_tick:
            return
        self._next_tick = time.monotonic() + TICK_SECONDS
        for worker in self._workers:
            worker.silent += 1
            if worker.state == "serves" and worker.silent > STUCK_TICKS and not self._stopping:
                _log.error("worker_is_stuck", worker=worker.number, silent_seconds=worker.silent * TICK_SECONDS)
                os.kill(worker.pid, signal.SIGKILL)

    def _on_signal(self, number: int) -> None:
        if number == signal.SIGCHLD:
            return  # its line ends as well
        # A terminal sends Ctrl-C to every process of the group: SIGTERM beside it forces nothing, a second Ctrl-C does.
        self._stop(signal.SIGINT if self._stopping and number == signal.SIGINT else signal.SIGTERM)

    def _stop(self, number: signal.Signals) -> None:
        self._stopping = True
        for worker in self._workers:
            if worker.line is not None:
                os.kill(worker.pid, number)
                with contextlib.suppress(OSError):  # it ends; else one that waits to be let go hears that it will not
                    worker.line.shutdown(socket.SHUT_WR)

    def _on_words(self, worker: _Worker, words: bytes) -> None:
        worker.silent = 0
        if WARMED in words:
            worker.state = "warmed"
        if LISTENS in words:
            worker.state, worker.changed_at = "serves", time.monotonic()
        if not words:
            self._on_end(worker)

    def _on_end(self, worker: _Worker) -> None:
        line, lived = worker.line, time.monotonic() - worker.changed_at
        assert line is not None  # noqa: S101 - only a worker with a line ends
        self._selector.unregister(line)
        line.close()
        code = os.waitstatus_to_exitcode(os.waitpid(worker.pid, 0)[1])
        served = worker.state == "serves"
        worker.line, worker.state = None, "down"
        if self._stopping:
            self._well = self._well and (code == 0 or not served)
            return
        steady = served and lived >= STEADY_SECONDS
        worker.falls = 1 if steady else worker.falls + 1
        if not self._was_ready:
            raise ConfigError(f"Worker {worker.number} {_words(code)} before it was ready.", "The log above says why.")
        if all(other.falls >= FALLS for other in self._workers):
            raise ConfigError(
                f"No worker stays alive: each died {FALLS} times or more, the last one as it {_words(code)}.",
                "The log above says why; on signal 9 the machine may lack memory.",
            )
        wait = self._wait(worker.falls)
        worker.changed_at = time.monotonic() + wait
        _log.error("worker_died", worker=worker.number, how=_words(code), falls=worker.falls, again_in_seconds=wait)

    def _let_go(self, ready: Callable[[], None]) -> None:
        """Let workers take connections, at the start once all of them are warmed."""
        if self._was_ready or all(worker.state == "warmed" for worker in self._workers):
            for worker in self._workers:
                if worker.state == "warmed" and worker.line is not None:
                    worker.state = "let go"
                    with contextlib.suppress(OSError):  # it died meanwhile, which its line will tell
                        worker.line.sendall(GO)
        if not self._was_ready and all(worker.state == "serves" for worker in self._workers):
            self._was_ready = True
            ready()

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """Hear signals through the selector, and nothing in between."""
        heard, told = socket.socketpair()
        heard.setblocking(False)
        told.setblocking(False)
        self._selector.register(heard, selectors.EVENT_READ)
        numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)
        before = {number: signal.signal(number, lambda *_: None) for number in numbers}
        wakeup = signal.set_wakeup_fd(told.fileno())
        try:
            yield
        finally:
            signal.set_wakeup_fd(wakeup)
            for number, handler in before.items():
                signal.signal(number, handler)
            self._selector.close()
            heard.close()
            told.close()


def _read(line: object) -> bytes:
    """Return what is there to be read; empty at the end of the line."""
    assert isinstance(line, socket.socket)  # noqa: S101 - nothing else is registered
    try:
        return line.recv(64)
    except ConnectionResetError:
        return b""


def _words(code: int) -> str:
    return f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
