"""What is true of a product: typed facts from its record, each with where it comes from.

A text may say these and nothing else. The record's own title, brand and category are facts; its description is not,
since nobody typed it as data: supplier prose claims what no attribute backs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from shopkeeper.commerce.product import Product
from shopkeeper.content.concepts import LANGUAGES, concept_of, concepts
from shopkeeper.content.reading import Measure, Reading, find_duration, plain, read
from shopkeeper.content.units import scale
from shopkeeper.errors import FieldProblem


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is true of a product.

    Attributes:
        name: Field as a plain word: `title`, `brand`, `category`, or the attribute's name (`display_diagonal`).
        label: The attribute's name as the record writes it.
        concept: What it means (`concepts.concepts()`); empty where no table knows the name.
        value: What it says, typed.
        source: Where it was read: `title`, `brand`, `categories[0]`, `attributes.Display diagonal`, `variants.size`.
        language: Language its text is written in.
        usable: False where a number lacks the unit its concept needs: kept, never written.
    """

    name: str
    label: str
    concept: str
    value: Reading
    source: str
    language: str = "en"
    usable: bool = True

    @property
    def normal(self) -> str:
        """Equal for equal facts, whatever units, case or order of items they are written with."""
        return f"{self.name}={self.value.normal()}"


@dataclass(frozen=True, slots=True)
class Facts:
    """All facts of one product, or of one category.

    Attributes:
        subject: Id of the product, or path of the category.
        locale: Locale the record's texts were read for.
        facts: In the order of the record, title, brand and category first.
        unread: What could not be understood: field, reason and remedy. Nothing of it is lost; it stays text.
        hash: Equal for equal facts whatever their order or units; a written piece is stale once it differs.
    """

    subject: str
    locale: str
    facts: tuple[Fact, ...]
    unread: tuple[FieldProblem, ...] = ()
    hash: str = ""

    def named(self, name: str) -> Fact | None:
        """The first fact of a field (`brand`) or concept (`colour`); None if there is none."""
        return next((fact for fact in self.facts if name in (fact.name, fact.concept)), None)

    @property
    def categories(self) -> tuple[str, ...]:
        """Paths of the categories it is in."""
        return tuple(fact.value.text for fact in self.facts if fact.name == "category")

    def said(self, name: str) -> str:
        """The text of a fact, empty where it is absent."""
        fact = self.named(name)
        return fact.value.text if fact else ""


def facts_of(product: Product, locale: str = "en", variants: Sequence[Product] = (), spoken: str = "en") -> Facts:
    """The facts of a product as a shop in `locale` states them.

    Args:
        product: The parent, or the product itself.
        locale: Chooses among texts per locale (title, and attribute values that are maps from locale to text).
        variants: Products under the parent; attributes they differ in become lists or ranges of the parent.
        spoken: Language of texts of the record that are not per locale.
    """
    found = [*_identity(product, locale, spoken), *_attributes(product.attributes, locale, spoken, "attributes")]
    if variants:
        each = [tuple(_attributes(variant.attributes, locale, spoken, "variants")) for variant in variants]
        found = _merged(found, each)
    return gathered(product.product, locale, found)


def gathered(subject: str, locale: str, found: Iterable[Fact]) -> Facts:
    """Facts made elsewhere (a triple store, a category) under one subject, checked and hashed alike."""
    facts = []
    unread = []
    for fact in found:
        lacking = _lacking_unit(fact)
        if lacking or fact.value.doubt:
            unread.append(FieldProblem(fact.source, lacking or fact.value.doubt, _REMEDY))
        facts.append(replace(fact, usable=False) if lacking else fact)
    return Facts(subject, locale, tuple(facts), tuple(unread), hash_of(facts))


def fact(label: str, value: object, language: str = "en", source: str = "") -> Fact | None:
    """One attribute as a fact; None where it says nothing (empty, null).

    Args:
        label: The attribute's name.
        value: Text, number, boolean, or a list of texts.
        language: Language the value is written in; it also decides what a comma in a number means.
        source: Where it stands in the record; `attributes.LABEL` where left out.
    """
    decimal = "." if language == "en" else ","
    reading = _reading(value, decimal)
    if reading is None:
        return None
    concept = concept_of(label)
    if concept and concepts()[concept].says == "duration" and reading.kind not in {"number", "range", "boolean"}:
        span = find_duration(reading.text, decimal)
        if span is not None:
            reading = Reading("range" if len(span.numbers) == 2 else "number", reading.text, measure=span)
    name = "_".join("".join(c if c.isalnum() else " " for c in label.casefold()).split()) or "attribute"
    return Fact(name, label, concept, reading, source or f"attributes.{label}", language)


def hash_of(facts: Iterable[Fact]) -> str:
    """A stable name for a set of facts, 32 hexadecimal digits; order, case and units do not change it."""
    digest = hashlib.blake2b(digest_size=16)
    for normal in sorted({fact.normal for fact in facts}):
        digest.update(normal.encode())
        digest.update(b"\0")
    return digest.hexdigest()


_REMEDY = "Write number and unit alone in the attribute (`1.7 L`), or a text without numbers."


def _identity(product: Product, locale: str, spoken: str) -> Iterable[Fact]:
    title, language = in_locale(product.title, locale)
    if title:
        yield Fact("title", "title", "", _text(title), "title", language or spoken)
    if product.brand:
        yield Fact("brand", "brand", "", _text(product.brand), "brand", spoken)
    for place, path in enumerate(product.categories):
        yield Fact("category", "category", "", _text(path), f"categories[{place}]", spoken)


def _text(value: str) -> Reading:
    shown = plain(value)
    return Reading("text", shown, (shown,))


def in_locale(value: object, locale: str) -> tuple[str, str]:
    """A text in the locale wanted, else in its language, else in any language the record has; and that language.

    The language is empty for a text that is not per locale, and both are where there is none.
    """
    if isinstance(value, str):
        return value, ""
    if not isinstance(value, Mapping):
        return "", ""
    language = locale.replace("_", "-").split("-")[0]
    for key in (locale, language, *(key for key in value if str(key).split("-")[0] == language), "en", *value):
        if isinstance(text := value.get(key), str) and text:
            return text, str(key).split("-")[0]
    return "", ""


def _is_per_locale(value: object) -> bool:
    return isinstance(value, Mapping) and bool(value) and all(
        isinstance(key, str) and key.replace("_", "-").split("-")[0] in LANGUAGES for key in value
    )  # fmt: skip


def _attributes(attributes: Mapping[str, Any], locale: str, spoken: str, source: str) -> Iterable[Fact]:
    for label, value in attributes.items():
        where = f"{source}.{label}"
        if _is_per_locale(value):
            found = fact(label, *in_locale(value, locale), where)
        elif isinstance(value, Mapping):  # dimensions as {width: 3, height: 4}: each side is a fact of its own
            yield from _attributes(value, locale, spoken, where)
            continue
        else:
            found = fact(label, value, spoken, where)
        if found is not None:
            yield found


def _reading(value: object, decimal: str) -> Reading | None:
    if isinstance(value, bool):
        return Reading("boolean", "yes" if value else "no", truth=value)
    if isinstance(value, int | float):
        return Reading("number", f"{value:.12g}", measure=Measure((float(value),)))
    if isinstance(value, str):
        return read(value, decimal) if value.strip() else None
    if isinstance(value, list | tuple):
        items = tuple(dict.fromkeys(plain(str(item)) for item in value if isinstance(item, str | int | float)))
        items = tuple(item for item in items if item)
        if len(items) == 1:
            return read(items[0], decimal)
        return Reading("list", ", ".join(items), items) if items else None
    return None


def _lacking_unit(fact: Fact) -> str:
    needed = concepts()[fact.concept].needs if fact.concept else ""
    if not needed or fact.value.measure is None:
        return ""
    has = scale(fact.value.measure.unit).dimension
    if has == needed:
        return ""
    what = f"a unit of {has}" if has else "no unit"
    return f"{fact.value.text!r} has {what}, but {fact.label!r} needs one of {needed}"


def _merged(parent: Sequence[Fact], variants: Sequence[tuple[Fact, ...]]) -> list[Fact]:
    """The parent's facts with those of its variants.

    An attribute that every variant has alike is a fact of the parent. One in which they differ becomes a range where
    all are numbers of one unit, else a list in the order of the variants. One that only some of them have is left
    out: it is not true of the product as a whole.

    Args:
        parent: Facts of the parent's own record; where variants say the same attribute, theirs count.
        variants: Facts of each variant.
    """
    names = dict.fromkeys(fact.name for facts in variants for fact in facts)
    joined = []
    for name in names:
        each = [fact for facts in variants for fact in facts if fact.name == name]
        if len(each) == len(variants):
            joined.append(replace(each[0], value=_together([fact.value for fact in each]), source=each[0].source))
    own = {fact.name for fact in joined}
    return [fact for fact in parent if fact.name not in own] + joined


def _together(values: Sequence[Reading]) -> Reading:
    distinct = list({value.normal(): value for value in values}.values())
    if len(distinct) == 1:
        return distinct[0]
    measures = [value.measure for value in distinct if value.kind == "number" and value.measure is not None]
    if len(measures) == len(distinct) and len({measure.unit for measure in measures}) == 1 and measures[0].unit:
        numbers = sorted(measure.numbers[0] for measure in measures)
        text = f"{numbers[0]:.9g}-{numbers[-1]:.9g} {measures[0].unit}"
        return Reading("range", text, measure=Measure((numbers[0], numbers[-1]), measures[0].unit))
    items = tuple(dict.fromkeys(item for value in distinct for item in (value.items or (value.text,))))
    return Reading("list", ", ".join(items), items)
