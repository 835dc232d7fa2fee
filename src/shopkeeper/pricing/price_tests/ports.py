"""What tests of prices need of whatever keeps them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from shopkeeper.pricing.price_tests.price_test import Member, PriceTest


class PriceTests(Protocol):
    """Drawn tests of prices with their members.

    Laws: `begin` of a test that is there already changes nothing. A product in a store is in one running test at most:
    `begin` refuses another. What was drawn never changes; only its end is added.
    """

    def begin(self, test: PriceTest, members: Iterable[Member]) -> PriceTest:
        """Keep a test and return it as it is kept. Raises ContractNotMet where a running one holds a member."""
        ...

    def get(self, name: str) -> PriceTest:
        """Return a test. Raises InputError for an unknown name."""
        ...

    def running(self) -> Sequence[PriceTest]:
        """Return the tests that are not over, by name."""
        ...

    def members(self, name: str) -> Sequence[Member]:
        """Return the members of a test by store and product."""
        ...

    def held(self) -> Mapping[tuple[str, str], str]:
        """Return the name of the running test that holds each store and product."""
        ...

    def end(self, name: str) -> None:
        """Note that a test is over."""
        ...
