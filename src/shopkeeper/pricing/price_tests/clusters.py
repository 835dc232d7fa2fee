"""What switches as one in a test of prices: goods that shoppers take in place of each other are never split.

A shopper who finds one lamp dearer takes another lamp. If the two were in different arms, what the one loses the other
gains, and the difference of the arms would be about twice the truth; so the least unit is a main category in a customer
group, and prices that belong together (one block) bring their categories together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from shopkeeper.pricing.policy.price_policy import SEPARATOR

By = Literal["category", "store"]
NO_CATEGORY: Final = "(no category)"


@dataclass(frozen=True, slots=True)
class Placed:
    """A product in a store, and where it belongs.

    Attributes:
        category: Path of its main category; empty = none.
        block: Shared by prices that belong together; None = free of others.
    """

    store: str
    product: str
    category: str
    block: str | None = None


def clusters_of(
    placed: Sequence[Placed], groups: Mapping[str, str], by: By, depth: int
) -> dict[tuple[str, str], str]:  # fmt: skip
    """Return the name of the cluster of each store and product.

    Args:
        groups: Store -> customer group, whose stores share shoppers and so switch together.
        depth: Levels of the category's path.
    """
    base = [_name(one, groups, by, depth) for one in placed]
    joined = _Joined()
    first: dict[str, str] = {}
    for one, name in zip(placed, base, strict=True):
        joined.add(name)
        if one.block is not None:
            joined.join(name, first.setdefault(one.block, name))
    names = joined.names()
    return {(one.store, one.product): names[name] for one, name in zip(placed, base, strict=True)}


def _name(one: Placed, groups: Mapping[str, str], by: By, depth: int) -> str:
    group = groups[one.store]
    if by == "store":
        return group
    levels = [level for level in one.category.split(SEPARATOR) if level]
    return f"{group}: {SEPARATOR.join(levels[:depth]) or NO_CATEGORY}"


class _Joined:
    """Names that turn out to be one."""

    def __init__(self) -> None:
        self._of: dict[str, str] = {}

    def add(self, name: str) -> None:
        self._of.setdefault(name, name)

    def join(self, one: str, other: str) -> None:
        first, second = sorted((self._root(one), self._root(other)))
        self._of[second] = first

    def names(self) -> dict[str, str]:
        """Return the joint name of each: all that were joined."""
        together: dict[str, list[str]] = {}
        for name in sorted(self._of):
            together.setdefault(self._root(name), []).append(name)
        return {name: " + ".join(names) for names in together.values() for name in names}

    def _root(self, name: str) -> str:
        while self._of[name] != name:
            name = self._of[name]
        return name


def paired(levels: Mapping[str, float], share: float, seed: int) -> tuple[str, ...]:
    """Return clusters in pairs of like size, as many as bring a share of their cells to the run's prices.

    Args:
        levels: What each brought before the test.
        share: Up to .5, which takes every pair: half of its cells are treated.
    """
    order = sorted(levels, key=lambda name: (-levels[name], name))
    pairs = [(order[place], order[place + 1]) for place in range(0, len(order) - 1, 2)]
    many = min(max(round(2 * share * len(pairs)), 1), len(pairs))
    chosen = np.sort(np.random.default_rng(seed).permutation(len(pairs))[:many])
    return tuple(name for place in chosen.tolist() for name in pairs[place])


def seed_of(digest: str) -> int:
    """Return the seed of a plan's coins, told by its digest: nobody chooses it, and everybody can draw them again."""
    return int(digest[:12], 16)
