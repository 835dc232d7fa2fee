"""What is wrong with the groups of a policy whose prices belong together."""

from __future__ import annotations

from collections.abc import Iterator

from shopkeeper.objectives.rules import named_twice
from shopkeeper.objectives.wrong import Wrong
from shopkeeper.pricing.policy.together import Band, Group, OnePrice, Together


def broken_groups(together: Together) -> Iterator[Wrong]:
    """Yield what is wrong with groups beyond their form."""
    for key, groups in groups_of(together):
        yield from named_twice(f"together.{key}", (one.name for one in groups))
        for place, one in enumerate(groups):
            yield from _members(f"together.{key}[{place}]", one)
            if isinstance(one, OnePrice) and one.of == "product" and one.stores == one.price_lists == "each":
                reason = "puts no two prices together: a product has one price in a store and price list"
                yield Wrong(f"together.{key}[{place}].of", reason, "Write `stores: all`, or `of: parent`.")
            if isinstance(one, Band):
                yield from _band(f"together.{key}[{place}]", one)


def groups_of(together: Together) -> Iterator[tuple[str, tuple[Group, ...]]]:
    """Yield key and groups of each kind, in the order of the form."""
    yield "one_price", together.one_price
    yield "packs", together.packs
    yield "bands", together.bands


def _members(path: str, one: Group) -> Iterator[Wrong]:
    if (one.of is None) == (not one.products):
        reason = "has both `of` and `products`" if one.products else "does not say which products"
        remedy = "Write `of: parent`, `of: <attribute>`, or `products: [...]`; one of them."
        yield Wrong(f"{path}.products" if one.products else path, reason, remedy)
    if len(one.products) == 1 and not (isinstance(one, OnePrice) and one.stores != "each"):
        yield Wrong(f"{path}.products", f"has only {one.products[0]}", "Name two or more, or use `of`.")
    if one.of == "product" and not isinstance(one, OnePrice):
        yield Wrong(f"{path}.of", "is product: one product has one size", "Write parent, brand or an attribute.")


def _band(path: str, band: Band) -> Iterator[Wrong]:
    if band.lowest is None and band.highest is None:
        yield Wrong(path, "has no bound", "Write `highest: 0.9`, `lowest`, or both.")
    if band.lowest is not None and band.highest is not None and band.lowest > band.highest:
        reason = f"is {band.lowest:g}, above highest {band.highest:g}"
        yield Wrong(f"{path}.lowest", reason, "Write the lower bound first.")
    for key in ("brands", "beside"):
        if not getattr(band, key):
            yield Wrong(f"{path}.{key}", "names no brand", "Name at least one.")
    if both := sorted(set(band.brands) & set(band.beside)):
        yield Wrong(f"{path}.beside", f"names {both[0]}, as brands does", "Leave it out of one of them.")
