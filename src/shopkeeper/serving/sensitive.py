"""Which products say of a person what is nobody's business: health, intimacy, religion, what takes an age."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from shopkeeper.commerce.product import Product
from shopkeeper.commerce.store import ALL_STORES

HIDDEN_ON = ("home", "email")
"""Surfaces on which no sensitive product is shown, as others may be looking on."""
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Allowed:
    """A category that a store has decided to treat like any other.

    Attributes:
        store: `*` = every store.
    """

    category: str
    store: str = "*"


class Sensitivity:
    """What is sensitive in which store, by the product's own flag and the house's categories.

    Args:
        categories: Paths, without regard to case; a product under one of them is sensitive, whatever its feed says.
        allowed: Exceptions; they win over both.
        hidden_on: Surfaces that show no sensitive product at all.
    """

    def __init__(
        self, categories: Iterable[str] = (), allowed: Sequence[Allowed] = (), hidden_on: Iterable[str] = HIDDEN_ON
    ) -> None:
        self._categories = tuple(map(_path, categories))
        self._allowed = tuple((one.store, _path(one.category)) for one in allowed)
        self._hidden_on = frozenset(hidden_on)
        self.by_flag_alone = not self._categories and not self._allowed
        """True where the product's own flag decides everywhere."""

    def sensitive(self, store: str, product: Product) -> bool:
        """Say whether a product is sensitive in a store."""
        if self.by_flag_alone:
            return product.sensitive
        paths = _paths(product.categories)
        if any(name in (ALL_STORES, "*", store) and _under(paths, allowed) for name, allowed in self._allowed):
            return False
        return product.sensitive or any(_under(paths, category) for category in self._categories)

    def about(self, product: Product, categories: tuple[str, ...]) -> bool:
        """Say whether a page of some categories is about a product: it lies in one, or in a sensitive one with one."""
        paths, shown = _paths(product.categories), _paths(categories)
        named = any(_under(paths, category) for category in shown)
        return named or any(_under(paths, category) and _under(shown, category) for category in self._categories)

    def hides(self, surface: str) -> bool:
        """Say whether a surface shows no sensitive product at all."""
        return surface in self._hidden_on


def _under(paths: Sequence[Path], category: Path) -> bool:
    return any(path[: len(category)] == category for path in paths)


@lru_cache(maxsize=4096)  # a shop has few category combinations and many products
def _paths(categories: tuple[str, ...]) -> tuple[Path, ...]:
    return tuple(map(_path, categories))


def _path(text: str) -> Path:
    return tuple(part.strip().casefold() for part in text.split(">") if part.strip())
