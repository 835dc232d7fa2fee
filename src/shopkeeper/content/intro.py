"""What is true of a category as a whole, and the text that introduces it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from shopkeeper.content.concepts import concepts
from shopkeeper.content.facts import Fact, Facts, gathered
from shopkeeper.content.reading import Measure, Reading

_MOST_BRANDS = 4
_MOST_VALUES = 6


def category_facts(path: str, products: Sequence[Facts], locale: str) -> Facts:
    """The facts of a category: its brands, and the values or ranges its products have.

    Only what every product states is told, since a range over some of them may be wrong for the rest. Values are all
    those that occur, and are left out where there are more than six.

    Args:
        path: The category's path.
        products: Facts of its products.
        locale: Locale the facts were read for.
    """
    found = [Fact("category", "category", "", Reading("text", path, (path,)), "categories")]
    brands = Counter(brand for facts in products if (brand := facts.said("brand")))
    named = tuple(brand for brand, _ in brands.most_common(_MOST_BRANDS))
    if named:
        found.append(Fact("brands", "brands", "", Reading("list", ", ".join(named), named), "brand"))
    for name, concept in concepts().items():
        if not concept.weight or concept.family:
            continue
        held = [fact for facts in products if (fact := facts.named(name)) is not None and fact.usable]
        if held and len(held) == len(products) and (value := _together(held)) is not None:
            found.append(Fact(name, held[0].label, name, value, held[0].source, held[0].language))
    return gathered(path, locale, found)


def _together(held: Sequence[Fact]) -> Reading | None:
    measures = [fact.value.measure for fact in held]
    kinds = {fact.value.kind for fact in held}
    if kinds <= {"number", "range"}:
        known = [measure for measure in measures if measure is not None]
        units = {measure.unit for measure in known}
        if len(units) != 1 or len(known) < len(held) or any(fact.value.bound for fact in held):
            return None
        numbers = [number for measure in known for number in measure.numbers]
        unit = units.pop()
        if min(numbers) == max(numbers):
            return Reading("number", f"{numbers[0]:.9g} {unit}", measure=Measure((numbers[0],), unit))
        text = f"{min(numbers):.9g}-{max(numbers):.9g} {unit}"
        return Reading("range", text, measure=Measure((min(numbers), max(numbers)), unit))
    if kinds <= {"text", "list"} and not any(measures):
        items = tuple(dict.fromkeys(item for fact in held for item in fact.value.items))
        return Reading("list", ", ".join(items), items) if 0 < len(items) <= _MOST_VALUES else None
    return None
