"""Products as numbers: one code for each (customer group, product), those of a group next to each other.

Because a group's codes form one span, nothing a model computes inside a span can reach a product of another group.

Variants of one parent share a code: what one is taken for holds for all. It stands for the variant that was met most,
and which variant a list shows is decided by the shelf.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from shopkeeper.registry.text_arrays import Arrays, pack_texts, unpack_texts


@dataclass(frozen=True)
class Variants:
    """Products that share their code with others of their parent, or with the parent itself.

    Attributes:
        names: Every product that was met, by group and id; empty = each has a code of its own.
        items: Item code of each of `names`.
        parents: Parent of each item code, empty = it is no variant.
    """

    names: Sequence[str]
    items: npt.NDArray[np.int64]
    parents: Sequence[str]

    def __bool__(self) -> bool:
        return len(self.names) > 0


NO_VARIANTS = Variants((), np.empty(0, dtype=np.int64), ())


@dataclass(frozen=True)
class ItemIndex:
    """Which product each item code stands for.

    Attributes:
        groups: Customer groups, in the order of their spans.
        starts: First code of each group, and one more at the end; shape (groups + 1,).
        products: Product id of each code; sorted within a group. Of variants the one that was met most.
        variants: Which products share a code.
    """

    groups: tuple[str, ...]
    starts: npt.NDArray[np.int64]
    products: Sequence[str]
    variants: Variants = NO_VARIANTS

    def __len__(self) -> int:
        return len(self.products)

    @cached_property
    def _codes(self) -> dict[str, dict[str, int]]:
        bounds = self.starts.tolist()
        found = {
            group: {self.products[code]: code for code in range(start, end)}
            for group, start, end in zip(self.groups, bounds, bounds[1:], strict=False)
        }
        if self.variants:
            group_of = self.group_of().tolist()
            for name, code in zip(self.variants.names, self.variants.items.tolist(), strict=True):
                found[self.groups[group_of[code]]].setdefault(name, code)
            for code, parent in enumerate(self.variants.parents):
                if parent:
                    found[self.groups[group_of[code]]].setdefault(parent, code)
        return found

    def code(self, group: str, product: str) -> int | None:
        """Return the code of a product, or of a parent of variants; None when it was not there at training."""
        return self.codes(group).get(product)

    def records(self, rows: Mapping[str, npt.NDArray[np.generic]]) -> Iterator[tuple[int, list[int]]]:
        """Yield the place of each record of a product with the items that it speaks of: one of its group, or one of
        each group where all stores share it. Shared ones come first, as what a store says itself outweighs them.

        Of variants that share an item only the record of the one it stands for speaks.

        Args:
            rows: Columns store (empty = all stores share the record), customer_group and product.
        """
        shared_first = np.argsort([store != "" for store in rows["store"].tolist()], kind="stable")
        for row in shared_first.tolist():
            yield row, self._spoken_of(*(str(rows[name][row]) for name in ("store", "customer_group", "product")))

    def _spoken_of(self, store: str, group: str, product: str) -> list[int]:
        found = (self.code(name, product) for name in ((group,) if store else self.groups))
        return [code for code in found if code is not None and self.products[code] == product]

    def codes(self, group: str) -> Mapping[str, int]:
        """Return the code of each product and parent of a group."""
        return self._codes.get(group, {})

    @cached_property
    def _heads(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {group: {} for group in self.groups}
        for (product, parent), group in zip(
            zip(self.products, self.variants.parents, strict=True), self.group_of().tolist(), strict=True
        ):
            if parent:
                found[self.groups[group]][product] = parent
        return found

    def heads(self, group: str) -> Mapping[str, str]:
        """Return the products that stand for all variants of a parent in a group, each with the parent."""
        return self._heads.get(group, {}) if self.variants else {}

    def span(self, group: str) -> tuple[int, int]:
        """Return the first code of a group and the one after its last; (0, 0) for an unknown group."""
        if group not in self.groups:
            return 0, 0
        place = self.groups.index(group)
        return int(self.starts[place]), int(self.starts[place + 1])

    def spans(self) -> list[tuple[int, int]]:
        """Return the first code of each group and the one after its last."""
        bounds = self.starts.tolist()
        return list(pairwise(bounds))

    def group_of(self) -> npt.NDArray[np.int32]:
        """Return the group number of every code; shape (items,)."""
        return np.repeat(np.arange(len(self.groups), dtype=np.int32), np.diff(self.starts))

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the index as plain arrays."""
        arrays: dict[str, npt.NDArray[np.generic]] = {
            **pack_texts("items.groups", self.groups),
            **pack_texts("items.products", self.products),
            "items.starts": self.starts,
        }
        if self.variants:
            arrays |= pack_texts("items.variants", self.variants.names) | pack_texts(
                "items.parents", self.variants.parents
            )
            arrays["items.of_variants"] = self.variants.items
        return arrays

    @staticmethod
    def from_arrays(arrays: Arrays) -> ItemIndex:
        """Return the index that `arrays` was made of."""
        return ItemIndex(
            tuple(unpack_texts("items.groups", arrays)),
            np.asarray(arrays["items.starts"], dtype=np.int64),
            unpack_texts("items.products", arrays),
            _variants(arrays) if "items.of_variants" in arrays else NO_VARIANTS,
        )


def single_group(products: Sequence[str], group: str = "") -> ItemIndex:
    """Return the index of products that all belong to one group, codes in the order given."""
    return ItemIndex((group,), np.array([0, len(products)], dtype=np.int64), list(products))


def _variants(arrays: Arrays) -> Variants:
    items = np.asarray(arrays["items.of_variants"], dtype=np.int64)
    return Variants(unpack_texts("items.variants", arrays), items, unpack_texts("items.parents", arrays))
