"""Erasing a person: live profiles before the answer, history, orders and models behind it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

import structlog

from shopkeeper.commerce.order import Order
from shopkeeper.commerce.shopper import User
from shopkeeper.commerce.tables import ORDERS
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.lake_erasure import Person
from shopkeeper.engines.list_erasure import erase_from_lists
from shopkeeper.engines.night_lists import NightListFiles
from shopkeeper.engines.quarantine_files import QuarantineFiles
from shopkeeper.engines.state import State
from shopkeeper.errors import Unavailable
from shopkeeper.experiments.sticky import MemorySticky
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.quality.ports import NamedQuery
from shopkeeper.recommendations.behaviour.shoppers import forget, shopper_key
from shopkeeper.recommendations.live_increments import LiveIncrements
from shopkeeper.serving.catalogue import Catalogue
from shopkeeper.serving.profiles import Profiles
from shopkeeper.wiring.release import Release
from shopkeeper.wiring.shared_log import SharedLog

_log = structlog.get_logger(__name__)
OTHERS_SECONDS: Final = 120.0
"""How long an erasure waits for other serving processes to seal what they logged before it."""
_REPORTS: Final = 50
_DEVICES = NamedQuery.load("shopkeeper.wiring", "person_devices")


@dataclass(frozen=True, slots=True)
class Places:
    """Everywhere a person may be kept."""

    log: SharedLog
    lake: Lake
    quarantine: QuarantineFiles
    state: State
    models: Path
    lists: NightListFiles
    profiles: Profiles
    first_arms: MemorySticky
    increments: LiveIncrements
    catalogue: Catalogue
    release: Release
    forget_answers: Callable[[], None]


def person_of(lake: Lake, stores: tuple[str, ...], user: str) -> Person:
    """Return a user with the devices and sessions that only this user of the stores was seen with."""
    devices: dict[str, set[str]] = {"visitor": set(), "session": set()}
    warehouse = lake.warehouse()
    try:
        for store in stores:
            found = warehouse.fetch(_DEVICES, store=store, user=user)
            for kind, identity in zip(found["kind"].tolist(), found["id"].tolist(), strict=True):
                devices[kind].add(identity)
    finally:
        warehouse.close()
    return Person(stores, (user,), tuple(sorted(devices["visitor"])), tuple(sorted(devices["session"])))


class Erasure:
    """Erases users one after the other. What fails is reported, and the deletion may simply be sent again.

    A user's record leaves a mark with the id alone, so that an older copy of the record cannot bring it back.
    """

    def __init__(self, places: Places) -> None:
        self._places = places
        self._one_by_one = asyncio.Lock()
        self._running: set[asyncio.Task[None]] = set()
        self._reported: set[int] = set()
        """Numbers of the reports of this process that `follow_reports` has not come to."""
        self._followed: list[User] = []
        """Users another process erases, until it reports."""
        self._seen: int | None = None

    async def begin(self, rows: Sequence[SourcedRow]) -> dict[str, Any]:
        """Forget the profiles of deleted users now and queue the erasure of all else; return where it stands."""
        users = [cast("User", row.row) for row in rows]
        self._places.forget_answers()
        dropped = await asyncio.gather(
            *(self._erase_profiles(user.store, user.user) for user in users), return_exceptions=True
        )
        profiles = sum(one for one in dropped if isinstance(one, int))
        for user in users:
            self._in_background(self._run(user.store, user.user))
        return {"status": "queued", "users": len(users), "profiles_erased": profiles, "report": "erasure"}

    def follow(self, users: Sequence[User]) -> None:
        """Forget here the users whom another process was told to erase, and seal what was logged of them."""
        self._followed += users
        self._forget_here(users)
        self._in_background(self._seal())

    async def follow_reports(self) -> None:
        """Where another process ended an erasure, forget its users once more and read again what was rewritten."""
        reports = await asyncio.to_thread(self._places.state.reports.latest, "erasure", _REPORTS)
        newest = reports[0].number if reports else 0
        before, self._seen = self._seen, newest
        if before is None or newest == before:
            return
        others = [report for report in reports if report.number > before and report.number not in self._reported]
        self._reported = {number for number in self._reported if number > newest}
        if not others:
            return
        users, self._followed = self._followed, []
        self._forget_here(users)
        await asyncio.to_thread(self._places.lists.follow)
        if any(report.body.get("erased", {}).get("models") for report in others):
            await self._places.release.reopen()

    def _forget_here(self, users: Sequence[User]) -> None:
        self._places.forget_answers()
        for user in users:
            group = self._places.catalogue.group(user.store)
            self._forget_names(group, user.user)
            self._places.profiles.local.erase(group, user.user)

    async def _seal(self) -> None:
        try:
            await self._places.log.seal()
        except Exception as error:  # noqa: BLE001 - the outermost frame of a background task; the next round seals
            _log.error("not_sealed_for_erasure", exc_info=error)

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def finish(self) -> None:
        """Wait for the erasures that run."""
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _run(self, store: str, user: str) -> None:
        async with self._one_by_one:
            try:
                body: dict[str, Any] = {"status": "done", "erased": await self._erase(store, user)}
            except Exception as error:  # noqa: BLE001 - the outermost loop of a background task
                _log.error("erasure_failed", store=store, exc_info=error)
                body = {"status": "failed", "error": str(error)}
            # The report names no person: that someone asked to be forgotten is personal as well.
            body["finished_at"] = datetime.now(UTC).isoformat(timespec="seconds")
            self._reported.add(await asyncio.to_thread(self._places.state.reports.save, "erasure", body, store or None))

    async def _erase(self, store: str, user: str) -> dict[str, int]:
        places = self._places
        await self._all_sealed()
        group = places.catalogue.group(store)
        stores = tuple(known.store for known in places.catalogue.stores if known.group == group) or (store,)
        erased = await asyncio.to_thread(self._erase_history, stores, user)
        erased["models"] = await asyncio.to_thread(self._erase_from_models, group, user)
        if erased["models"]:
            await places.release.reopen()
        erased["profiles"] = await self._erase_profiles(store, user)  # again: a shared cache may have been away before
        erased["lists"] = await asyncio.to_thread(self._erase_from_lists, stores, user)
        return erased

    async def _erase_profiles(self, store: str, user: str) -> int:
        group = self._places.catalogue.group(store)
        self._forget_names(group, user)
        return await self._places.profiles.erase(group, user)

    def _forget_names(self, group: str, user: str) -> None:
        """Forget arms and sequences under every name of a user; the profile that tells the names goes after them."""
        names = self._places.profiles.local.names_of(group, user)
        for _, kind, name in names:
            self._places.first_arms.forget(f"{kind} of {group}", name)
        self._places.increments.forget({shopper_key(group, kind, name) for _, kind, name in names})

    async def _all_sealed(self) -> None:
        """Seal the segment of this process, and wait until other serving processes sealed those they have open now.

        Raises:
            Unavailable: one of them did not.
        """
        await self._places.log.seal()
        wanted = await asyncio.to_thread(self._places.log.open_elsewhere)
        until = time.monotonic() + OTHERS_SECONDS
        while wanted := wanted & await asyncio.to_thread(self._places.log.open_elsewhere):
            if time.monotonic() > until:
                raise Unavailable(
                    f"Another serving process holds {min(wanted)} open, which may name the person.",
                    "Delete the user again once that process answers or is stopped.",
                )
            await asyncio.sleep(0.1)

    def _erase_history(self, stores: tuple[str, ...], user: str) -> dict[str, int]:
        places = self._places
        places.lake.compact()
        person = person_of(places.lake, stores, user)
        erased = dict(places.lake.erase(person).rows)
        erased["quarantine"] = places.quarantine.erase(stores, (user, *person.visitors, *person.sessions))
        erased["current_orders"] = sum(self._erase_orders(store, user) for store in stores)
        return erased

    def _erase_orders(self, store: str, user: str) -> int:
        tables = self._places.state.tables
        now = datetime.now(UTC)
        orders = [cast("Order", row.row) for row in tables.scan(ORDERS, store)]
        blank = [
            SourcedRow(Order(order_id=order.order_id, store=order.store, ts=order.ts), now, deleted=True)
            for order in orders
            if order.user == user
        ]
        return tables.upsert(ORDERS, blank).written if blank else 0

    def _erase_from_lists(self, stores: tuple[str, ...], user: str) -> int:
        """Erase a user from the lists of the night, on disk and as they are held here."""
        lists = self._places.lists
        erased = erase_from_lists(lists.folder, stores, (user,))
        lists.follow()
        return erased

    def _erase_from_models(self, group: str, user: str) -> int:
        """Erase a user from every bundle on disk, newest or not; return from how many."""
        key = shopper_key(group, "user", user)
        versions = self._places.state.registry.versions()
        folders = [self._places.models / version.folder for version in versions if version.status == "ready"]
        return sum(forget(folder, [key]) > 0 for folder in folders if folder.is_dir())
