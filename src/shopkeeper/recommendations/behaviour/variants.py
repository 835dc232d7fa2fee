"""Variants of one parent as one item, so that a model learns from all of them what it says of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.recommendations.behaviour.items import ItemIndex, Variants


def folded(data: Interactions, parents: Sequence[str]) -> Interactions:
    """Return interactions in which the variants of a parent, and the parent, are one item.

    It stands for the variant that was met most, of equal ones the first by id; for the parent where no variant was met.
    Which variant each interaction was about is kept beside it. Without any variant the data stay as they are.

    Args:
        data: What was read, one item for each product.
        parents: Parent of each item code, empty = none is known.
    """
    index = data.index
    if not any(parents):
        return data
    group_of = index.group_of().tolist()
    events = np.bincount(data.items, minlength=len(index)).tolist()
    families: dict[tuple[int, str], list[int]] = {}
    for code, (parent, product) in enumerate(zip(parents, index.products, strict=True)):
        families.setdefault((group_of[code], parent or product), []).append(code)
    heads = {
        key: max(members, key=lambda code: (bool(parents[code]), events[code], -code))
        for key, members in families.items()
    }
    order = sorted(heads, key=heads.__getitem__)
    item_of = np.empty(len(index), dtype=np.int64)
    for item, key in enumerate(order):
        item_of[families[key]] = item
    kept = [heads[key] for key in order]
    groups = np.array([group_of[code] for code in kept], dtype=np.int64)
    starts = np.searchsorted(groups, np.arange(len(index.groups) + 1)).astype(np.int64)
    products = [index.products[code] for code in kept]
    variants = Variants(index.products, item_of, [parents[code] for code in kept])
    return replace(
        data,
        items=item_of[data.items].astype(np.int32),
        index=ItemIndex(index.groups, starts, products, variants),
        categories=[data.categories[code] for code in kept],
        variants=data.items,
    )
