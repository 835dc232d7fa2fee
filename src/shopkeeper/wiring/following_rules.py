"""The shop's rules, followed by every serving process within a quarter of a second."""

from __future__ import annotations

import asyncio

import structlog

from shopkeeper.recommendations.ports import RuleStore
from shopkeeper.recommendations.rules.shop_rules import ShopRules

_log = structlog.get_logger(__name__)


class FollowedRules:
    """Keeps the rules of this process at what is stored. Used from one event loop.

    While the state database does not answer, or holds rules of a newer Shopkeeper, what held last goes on.
    """

    def __init__(self, store: RuleStore, rules: ShopRules) -> None:
        self._store = store
        self._rules = rules
        self._revision: int | None = None
        self.up = True
        """The stored rules could be read when last asked for."""

    async def follow(self) -> None:
        """Let the stored rules hold where they changed."""
        try:
            revision = await asyncio.to_thread(self._store.revision)
            if revision == self._revision:
                self.up = True
                return
            sets = await asyncio.to_thread(self._store.current)
        except Exception as error:  # noqa: BLE001 - whatever a driver raises means: go on with what is known
            if self.up:
                _log.warning("rules_not_read", error=repr(error))
            self.up = False
            return
        self.up = True
        self._revision = revision
        self._rules.replace(sets)
        _log.info("rules", versions={one.store or "all stores": one.version for one in sets})
