"""Products as numbers: one code for each (customer group, product), those of a group next to each other.

Because a group's codes form one span, nothing a model computes inside a span can reach a product of another group.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from shopkeeper.registry.text_arrays import Arrays, pack_texts, unpack_texts


@dataclass(frozen=True)
class ItemIndex:
    """Which product each item code stands for.

    Attributes:
        groups: Customer groups, in the order of their spans.
        starts: First code of each group, and one more at the end; shape (groups + 1,).
        products: Product id of each code; sorted within a group.
    """

    groups: tuple[str, ...]
    starts: npt.NDArray[np.int64]
    products: Sequence[str]

    def __len__(self) -> int:
        return len(self.products)

    @cached_property
    def _codes(self) -> dict[str, dict[str, int]]:
        bounds = self.starts.tolist()
        return {
            group: {self.products[code]: code for code in range(start, end)}
            for group, start, end in zip(self.groups, bounds, bounds[1:], strict=False)
        }

    def code(self, group: str, product: str) -> int | None:
        """Return the code of a product; None when it was not there at training."""
        return self._codes.get(group, {}).get(product)

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
        return {
            **pack_texts("items.groups", self.groups),
            **pack_texts("items.products", self.products),
            "items.starts": self.starts,
        }

    @staticmethod
    def from_arrays(arrays: Arrays) -> ItemIndex:
        """Return the index that `arrays` was made of."""
        return ItemIndex(
            tuple(unpack_texts("items.groups", arrays)),
            np.asarray(arrays["items.starts"], dtype=np.int64),
            unpack_texts("items.products", arrays),
        )


def single_group(products: Sequence[str], group: str = "") -> ItemIndex:
    """Return the index of products that all belong to one group, codes in the order given."""
    return ItemIndex((group,), np.array([0, len(products)], dtype=np.int64), list(products))
