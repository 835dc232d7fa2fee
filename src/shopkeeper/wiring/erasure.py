"""Erasing a person: at once where answers are made, in the background where history lies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol, cast

import structlog

from shopkeeper.commerce.shopper import User
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.quality.ports import ReportStore
from shopkeeper.serving.session_state import SessionState

_log = structlog.get_logger(__name__)


class History(Protocol):
    """Where what a person did lies for good."""

    def erase_user(self, store: str, user: str) -> dict[str, Any]:
        """Remove every row of one user and return how many, by place."""
        ...


class Erasure:
    """Erases users; live profiles before the answer, the rest one after the other behind it.

    A running erasure is finished before the server stops; what fails is reported and can be asked for again.

    Args:
        group: Returns the customer group of a store.
    """

    def __init__(
        self, sessions: SessionState, group: Callable[[str], str], history: History, reports: ReportStore
    ) -> None:
        self._sessions = sessions
        self._group = group
        self._history = history
        self._reports = reports
        self._one_by_one = asyncio.Lock()
        self._running: set[asyncio.Task[None]] = set()

    async def begin(self, rows: Sequence[SourcedRow]) -> dict[str, Any]:
        """Forget the profiles of deleted users now and queue the erasure of their history; return where it stands."""
        users = [cast("User", row.row) for row in rows]
        profiles = sum(self._sessions.erase(self._group(user.store), user.user) for user in users)
        for user in users:
            task = asyncio.create_task(self._erase(user.store, user.user))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return {"status": "queued", "users": len(users), "profiles_erased": profiles, "report": "erasure"}

    async def finish(self) -> None:
        """Wait for what runs."""
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _erase(self, store: str, user: str) -> None:
        async with self._one_by_one:
            try:
                erased = await asyncio.to_thread(self._history.erase_user, store, user)
            except Exception as error:  # noqa: BLE001 - the outermost loop of a background task
                _log.error("erasure_failed", store=store, exc_info=error)
                body: dict[str, Any] = {"status": "failed", "error": str(error)}
            else:
                body = {"status": "done", "erased": erased}
            # The report names no person: that someone asked to be forgotten is personal as well.
            body["finished_at"] = datetime.now(UTC).isoformat(timespec="seconds")
            await asyncio.to_thread(self._reports.save, "erasure", body, store or None)
