"""What runs beside the caller: one call and its outcome, and a process that makes call after call.

Imports no numbers before it has said how many threads they get.
"""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from shopkeeper.jobs.shards import Shared

_THREAD_COUNTS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one call.

    Attributes:
        failure: What it raised, in one line; None where it returned.
        trace: Where it raised, for people.
    """

    result: Any = None
    failure: str | None = None
    trace: str = ""


def work(connection: Connection, files: Mapping[str, str]) -> None:
    """Take (call, shard) pairs until the other side hangs up, and send an outcome for each.

    Args:
        files: Name -> `.npy` file of each shared array.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the caller, who then hangs up
    os.environ.update(dict.fromkeys(_THREAD_COUNTS, "1"))  # one worker a core
    shared = _open_shared(files)
    while True:
        try:
            call, shard = connection.recv()
        except (EOFError, OSError):
            return
        except Exception as error:  # noqa: BLE001 - a call that cannot be imported here is the call's failure
            outcome = _failed(error)
        else:
            outcome = outcome_of(call, shard, shared)
        try:
            _send(connection, outcome)
        except OSError:
            return


def outcome_of(call: Any, shard: Any, shared: Shared) -> Outcome:  # noqa: ANN401 - whatever the caller sent
    """Return what comes of a call; never raises what it raises."""
    try:
        return Outcome(call(shard, shared))
    except Exception as error:  # noqa: BLE001 - the worker's outermost loop; the caller raises it
        return _failed(error)


def _send(connection: Connection, outcome: Outcome) -> None:
    try:
        connection.send(outcome)
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001 - a result that cannot be sent is the call's failure, not the worker's
        connection.send(_failed(error))


def _failed(error: Exception) -> Outcome:
    from shopkeeper.jobs.shards import described  # noqa: PLC0415 - it imports numbers

    return Outcome(failure=described(error), trace=traceback.format_exc())


def _open_shared(files: Mapping[str, str]) -> Shared:
    import numpy as np  # noqa: PLC0415 - only now is it said how many threads it gets

    from shopkeeper.jobs.shards import read_only  # noqa: PLC0415 - it imports numbers

    arrays = {}
    for name, file in files.items():
        try:
            arrays[name] = np.load(file, mmap_mode="r", allow_pickle=False)
        except ValueError:  # an empty array has nothing to map
            arrays[name] = np.load(file, allow_pickle=False)
    return read_only(arrays)
