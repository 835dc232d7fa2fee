"""Questions about prices, answered by a process of their own: they read a store's whole history and price all of it.

So a page or a request that asks why a price is what it is takes no time and no memory from the process that serves
shoppers. What is asked and what is answered are records.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from datetime import datetime
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from shopkeeper.errors import (
    BundleDamaged,
    ConfigError,
    ContractNotMet,
    InputError,
    NotEnoughData,
    ShopkeeperError,
    Unavailable,
    UnknownModel,
)
from shopkeeper.pricing.diagnosis import Diagnosis
from shopkeeper.pricing.explanation import Explained, Frontier
from shopkeeper.registry.ports import ModelRegistry
from shopkeeper.wiring.pricing.version import version_of
from shopkeeper.wiring.settings import Settings

SECONDS: Final = 300.0
"""How long an answer may take."""
MOST_WAITING: Final = 8
"""Questions that are answered or wait for it; more are refused."""
AT_ONCE: Final = 1
PROBLEMS_TOLD: Final = 3
AnswerT = TypeVar("AnswerT")


class ExplainAsked(Struct, frozen=True, kw_only=True, tag="explain"):
    """Why does a product cost what it does? Arguments as `explain_price`."""

    product: str
    store: str
    price_list: str | None = None
    at: datetime | None = None


class FrontierAsked(Struct, frozen=True, kw_only=True, tag="frontier"):
    """What would other margin targets bring? Arguments as `margin_frontier`."""

    store: str
    margins: tuple[float, ...] = ()
    at: datetime | None = None


class DiagnosisAsked(Struct, frozen=True, kw_only=True, tag="diagnosis"):
    """What does the model believe? The version that serves where none is named."""

    version: str | None = None


Question = ExplainAsked | FrontierAsked | DiagnosisAsked


class Order(Struct, frozen=True):
    """What the process reads from its input."""

    workspace: str
    question: Question


class Fault(Struct, frozen=True):
    """An error raised on purpose, on its way to who asked."""

    kind: str
    reason: str
    remedy: str

    def error(self) -> ShopkeeperError:
        """Return it for raising."""
        return KINDS[self.kind](self.reason, self.remedy)

    @classmethod
    def of(cls, error: ShopkeeperError) -> Fault:
        """Return an error for the way."""
        kind = next((one.__name__ for one in type(error).__mro__ if one.__name__ in KINDS), Unavailable.__name__)
        said = "; ".join(f"{one.field} {one.reason}" for one in error.problems[:PROBLEMS_TOLD])
        return cls(kind, f"{error.reason} {said}".strip(), error.remedy)


KINDS: Final[dict[str, type[ShopkeeperError]]] = {
    kind.__name__: kind
    for kind in (BundleDamaged, ConfigError, ContractNotMet, InputError, NotEnoughData, Unavailable, UnknownModel)
}
"""Errors that travel as they are; others as the nearest of these."""


class PricesAside:
    """Asks such a process. Used from one event loop.

    Args:
        registry: Where the versions are; without one nothing is begun.
        seconds: How long an answer may take.
    """

    def __init__(self, settings: Settings, registry: ModelRegistry, seconds: float = SECONDS) -> None:
        self._workspace = str(settings.workspace.resolve())
        self._registry = registry
        self._seconds = seconds
        self._turn = asyncio.Semaphore(AT_ONCE)
        self.waiting = 0
        """Questions that were asked and are not answered."""

    async def explain(self, asked: ExplainAsked) -> Explained:
        """Return why a price is what it is. Raises: as `explain_price`; Unavailable."""
        return await self._ask(asked, Explained)

    async def frontier(self, asked: FrontierAsked) -> Frontier:
        """Return what other margin targets would bring. Raises: as `margin_frontier`; Unavailable."""
        return await self._ask(asked, Frontier)

    async def diagnosis(self, asked: DiagnosisAsked) -> Diagnosis:
        """Return what a version believes. Raises: as `diagnosed`; Unavailable."""
        return await self._ask(asked, Diagnosis)

    async def _ask(self, asked: Question, kind: type[AnswerT]) -> AnswerT:
        await asyncio.to_thread(version_of, self._registry)
        if self.waiting >= MOST_WAITING:
            raise Unavailable(
                f"{self.waiting} other questions about prices are waiting to be answered.", "Ask again in a minute."
            )
        self.waiting += 1
        try:
            async with self._turn:
                said = await self._said(msgspec.json.encode(Order(self._workspace, asked)))
        finally:
            self.waiting -= 1
        if said.startswith(b"!"):
            raise msgspec.json.decode(said[1:], type=Fault).error()
        return msgspec.json.decode(said, type=kind)

    async def _said(self, order: bytes) -> bytes:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "shopkeeper.wiring.pricing.aside_process",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            said, _ = await asyncio.wait_for(process.communicate(order), self._seconds)
        except TimeoutError as error:
            raise Unavailable(
                f"Prices could not be worked out within {self._seconds:g} seconds.",
                "Ask for a smaller store, or use `shopkeeper price explain` at a terminal, which takes its time.",
            ) from error
        finally:
            if process.returncode is None:  # too slow, or whoever asked has gone
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if process.returncode or not said:
            raise Unavailable(
                f"The process that works prices out ended with {process.returncode}.",
                "Look at the server's log for why; it may have had too little memory.",
            )
        return said
