"""What products and stores are, as far as it tells which prices belong together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shopkeeper.errors import FieldProblem, InputError
from shopkeeper.pricing.shelf import Shelf


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """Facts about the goods of a shelf, in its order.

    Attributes:
        brand: Of each of its products, empty where unknown.
        attributes: Of each of its products.
        legal_entity: Of each of its stores, empty where unknown: such a store is an entity of its own.
    """

    brand: tuple[str, ...]
    attributes: tuple[Mapping[str, object], ...]
    legal_entity: tuple[str, ...]

    def of_product(self, name: str, product: int) -> object:
        """Return a product's trait, None where it has none."""
        found = self.brand[product] if name == "brand" else self.attributes[product].get(name)
        return None if found == "" else found


def no_traits(shelf: Shelf) -> Traits:
    """Return that nothing is known."""
    products, stores = len(shelf.products), len(shelf.stores)
    return Traits(brand=("",) * products, attributes=({},) * products, legal_entity=("",) * stores)


def check_traits(traits: Traits, shelf: Shelf) -> None:
    """Raise InputError for traits that do not fit a shelf, naming the field."""
    for name, wanted in (("brand", shelf.products), ("attributes", shelf.products), ("legal_entity", shelf.stores)):
        held = len(getattr(traits, name))
        if held != len(wanted):
            reason, remedy = f"has {held} entries for {len(wanted)}", "Give one for each, in the order of the shelf."
            raise InputError(f"{name} {reason}.", remedy, (FieldProblem(name, reason, remedy),))
