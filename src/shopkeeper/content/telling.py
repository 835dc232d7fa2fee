"""A product's facts put into the words of one language, ranked by what its shoppers want to know."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from shopkeeper.content.concepts import Concept, Term, concepts
from shopkeeper.content.facts import Fact, Facts
from shopkeeper.content.grammar import listed
from shopkeeper.content.lexicon import Lexicon
from shopkeeper.content.nouns import Noun, noun_of
from shopkeeper.content.tokens import fold

_UNKNOWN_WEIGHT = 12
_LONGEST_VALUE = 100
_IDENTITY = frozenset({"title", "brand", "brands", "category"})
_MOST_NUMBERS = 12


@dataclass(frozen=True, slots=True)
class Said:
    """A fact in the words of a language.

    Attributes:
        fact: What it says.
        concept: Its concept's id, empty where its name is unknown.
        label: What it is called.
        value: Its value; empty for a yes.
        dative: Its value after a preposition that takes the dative.
        weight: How much shoppers want to know it.
        measured: Whether it is a number with a unit.
        service: Whether it is about the shop's terms rather than the thing.
        frames: Section whose frames of this concept fit its value: `sentences`, or `worded` where a measure was meant
            and a word stands.
    """

    fact: Fact
    concept: str
    label: Term
    value: str
    dative: str
    weight: int
    measured: bool
    service: bool
    frames: str

    @property
    def counted(self) -> bool:
        """Whether it is a number of pieces."""
        return self.fact.value.measure is not None and self.fact.value.measure.unit == "pcs"

    @property
    def flag(self) -> str:
        """Key of the frames a yes is said by: `property` where its label says all (`Dishwasher safe.`)."""
        concept = concepts().get(self.concept)
        return "property" if concept is None or concept.says == "property" else "any"

    def fits(self, lead: str | None, language: str) -> bool:
        """Whether its value reads well behind these words of a frame.

        A bound (`up to 5 kg`) and shares (`60% cotton`) do after a colon or at the beginning, since other words may
        have a bound of their own or need an article, as a Spanish percentage does; a Spanish range also after `de`
        (`es de 3 a 5 días`).
        """
        if lead is None or not lead or lead.endswith(": "):
            return True
        if self.fact.value.bound:
            return False
        if self.fact.value.kind == "shares":
            return language in {"en", "de"}
        if language == "es" and self.fact.value.measure is not None and self.fact.value.measure.unit == "%":
            return False  # es del 14 %
        return self.fact.value.kind != "range" or language != "es" or lead.endswith("de ")


@dataclass(frozen=True, slots=True)
class Telling:
    """All there is to say of a product (or category) in one language.

    Attributes:
        facts: What is true.
        lexicon: The words.
        name: What to call it in running text: the title, or its beginning where data of the record follow in it.
        full_name: The whole title where it is in this language, else `name`.
        noun: What kind of thing it is.
        noun_fact: The category or tag that says so; None where nothing does.
        said: Facts in words, the most wanted first.
        left_out: Names of usable facts the language has no words for.
    """

    facts: Facts
    lexicon: Lexicon
    name: str
    full_name: str
    noun: Noun
    noun_fact: Fact | None
    said: tuple[Said, ...]
    left_out: tuple[str, ...]

    @property
    def term(self) -> Term:
        return self.noun.one[self.lexicon.language]

    @property
    def noun_is_said(self) -> bool:
        """Whether the name tells already what it is, or nothing does."""
        name, noun = fold(self.name), fold(self.term.text)
        adds = not holds(noun, name) or not self.noun.one["en"].text.endswith(" item")  # basketball, a basketball item
        return not self.noun_is_known or holds(name, noun) or holds(name, _in_one(noun)) or not adds

    @property
    def noun_is_known(self) -> bool:
        """Whether there is a noun for it; else only its name is sure to be right."""
        return self.noun.id != "product"


def told(facts: Facts, lexicon: Lexicon) -> Telling:
    """Put facts into words once for all fields."""
    noun, noun_fact = noun_of(facts, lexicon.nouns)
    said: list[Said] = []
    left_out: list[str] = []
    seen: set[str] = set()
    for fact in facts.facts:
        if fact.concept in {"capacity", "volume"} and noun.filled:
            fact = replace(fact, concept="net_content")  # noqa: PLW2901 - a drink holds nothing, it is a litre
        concept = concepts().get(fact.concept)
        weight = lexicon.weight(noun.id, fact.concept, concept.weight if concept else _UNKNOWN_WEIGHT)
        key = fact.concept or fact.name
        if fact.name in _IDENTITY or not weight or not fact.usable or key in seen:
            continue
        found = _said(fact, concept, weight, lexicon)
        if found is None:
            left_out.append(fact.name)
            continue
        seen.add(key)
        if not _says_nothing(fact, found, noun.one[lexicon.language]):
            said.append(found)
    said = [one for one in said if one.value or not any(repeats(other.value, one) for other in said)]
    said.sort(key=lambda one: (-one.weight, one.fact.name))
    title = facts.named("title")
    name = short_name(facts, noun)
    full = facts.said("title") if title is not None and title.language == lexicon.language else name
    return Telling(facts, lexicon, name, full, noun, noun_fact, tuple(said), tuple(left_out))


def holds(text: str, words: str) -> bool:
    """Whether words stand in a text as words."""
    return bool(words) and _place(text, words) is not None


def _place(text: str, words: str) -> int | None:
    """Where words first stand in a text as words; a pattern for each would be compiled thousands of times."""
    text, words = text.lower(), words.lower()
    at = text.find(words)
    while at >= 0:
        end = at + len(words)
        if not (at and text[at - 1].isalnum()) and not text[end : end + 1].isalnum():
            return at
        at = text.find(words, at + 1)
    return None


def repeats(text: str, said: Said) -> bool:
    """Whether a text says a fact already, in this language or the record's: its value, of a yes its name."""
    if not said.value:
        return holds(text, said.label.text)
    return holds(text, said.value) or holds(text, said.fact.value.text)


def _in_one(noun: str) -> str:
    """A noun of several words written as one: `power bank` is `Powerbank`."""
    return "".join(noun.replace("-", " ").split())


def short_name(facts: Facts, noun: Noun) -> str:
    """The title as far as it is a name.

    Titles of feeds often go on with data (`Sony W995 black 6.6 cm (2.6") 113 g`). Where such a title is long or holds a
    measure or the number of a model, it is cut before the first word that an attribute or the category says as well,
    never inside a word.
    """
    title = facts.said("title")
    brand = facts.said("brand")
    if not title:
        return brand or facts.subject
    plain = len(title) <= _LONGEST_NAME and not _SPEC.search(title)
    cuts = [match.start() for match in _SPEC.finditer(title)]
    for known in _data_words(facts, noun):
        if (place := _place(title, known)) is not None:
            cuts.append(place)
    for cut in sorted(cuts):
        name = title[:cut].rstrip(" -–,;:(/|")
        if len(name.split()) > 1 and name.casefold() != brand.casefold() and (not plain or _MODEL.search(name)):
            return name
    return title


_LONGEST_NAME = 45
_MODEL = re.compile(r"(?<!\S)(?=\S*\d)\S{3,}")
_SPEC = re.compile(r"(?<!\S)\d+(?:[.,]\d+)?\s?(?:cm|mm|GB|TB|MB|kg|g|W|L|ml|\"|in)(?!\w)")


def _data_words(facts: Facts, noun: Noun) -> Iterator[str]:
    yield noun.one["en"].text
    for name in noun.matched:
        yield name.removesuffix("s")
    for fact in facts.facts:
        if fact.name in _IDENTITY or fact.value.truth is not None:
            continue
        yield from (item for item in (fact.value.text, *fact.value.items) if 2 < len(item) < _LONGEST_NAME)


def _says_nothing(fact: Fact, said: Said, noun: Term) -> bool:
    """Whether it is true but not worth a word: a no, a zero, a least order of one, its own kind."""
    value = fact.value
    if value.kind == "boolean":
        return not value.truth
    if value.kind == "number" and value.measure is not None:
        return value.measure.numbers == (0.0,) or (fact.concept in _OF_ONE and value.measure.numbers == (1.0,))
    return said.value.casefold() == noun.text.casefold()


_OF_ONE = frozenset({"minimum_order", "quantity"})
"""Concepts that go without saying where they are one."""


def _said(fact: Fact, concept: Concept | None, weight: int, lexicon: Lexicon) -> Said | None:
    label = _label(fact, concept, lexicon)
    if label is None:
        return None
    if fact.value.bound and concept is not None and concept.bound == fact.value.bound:
        fact = replace(fact, value=replace(fact.value, bound=""))
    value = "" if fact.value.kind == "boolean" else _value(fact, concept, lexicon, "")
    if value is None or len(value) > _LONGEST_VALUE:
        return None
    measure = fact.value.measure
    measured = measure is not None and bool(measure.unit) and fact.value.kind in {"number", "range", "dimensions"}
    wants_measure = concept is not None and bool(concept.needs or concept.says in {"measure", "duration"})
    dative = _value(fact, concept, lexicon, "dat") if measured else None
    return Said(
        fact,
        fact.concept,
        label,
        value,
        dative or value,
        weight,
        measured,
        concept is not None and concept.family == "service",
        "worded" if wants_measure and not measured else "sentences",
    )


def _label(fact: Fact, concept: Concept | None, lexicon: Lexicon) -> Term | None:
    if concept is not None:
        return concept.labels[lexicon.language]
    if fact.language != lexicon.language:
        return None
    first, *rest = fact.label.replace("_", " ").split() or [""]
    keep = lexicon.language == "de" or first[1:] != first[1:].lower() or any(c.isdigit() for c in first)
    words = [first if keep else first.lower(), *rest]
    return Term(" ".join(word.upper() if word in _ACRONYMS else word for word in words))


_ACRONYMS = frozenset(
    {"bpa", "cpu", "dvd", "gps", "gpu", "hdmi", "lan", "lcd", "led", "nfc", "oled", "pc", "pvc", "rgb", "sd", "spf"}
    | {"ssd", "tv", "usb", "uv", "vesa"}
)
"""Words that keys of a record have in small letters and no text does (`bpa_free`)."""


def _value(fact: Fact, concept: Concept | None, lexicon: Lexicon, case: str) -> str | None:
    value = fact.value
    if value.kind in {"number", "range", "dimensions"}:
        return lexicon.numerals.reading(value, case)
    if value.kind == "list" and value.measure is not None:
        numbers = [lexicon.numerals.number(number) for number in value.measure.numbers][:_MOST_NUMBERS]
        return lexicon.numerals.united(_enumerated(numbers, lexicon), value.measure.unit, 2.0)
    items = _items(fact, concept, lexicon)
    if items is None:
        return None
    if value.kind == "count" and value.measure is not None:
        return f"{lexicon.numerals.number(value.measure.numbers[0])}{lexicon.numerals.times}{items[0]}"
    if value.kind == "shares" and value.measure is not None:
        shares = zip(value.measure.numbers, items, strict=True)
        return _enumerated(
            [f"{lexicon.numerals.united(lexicon.numerals.number(n), '%', n)} {item}" for n, item in shares], lexicon
        )
    return _enumerated(items, lexicon)


def _items(fact: Fact, concept: Concept | None, lexicon: Lexicon) -> list[str] | None:
    """The items in the language's words; None where one has none: an enumeration with gaps would be another fact."""
    if concept is not None and concept.says == "names" and fact.concept != "size":
        own = lexicon.values.get(f"{fact.language} {fact.concept}", {})
        return [own.get(item.casefold(), item) for item in fact.value.items]
    words = [lexicon.word(item, fact.concept, fact.language) for item in fact.value.items]
    kept = list(dict.fromkeys(word for word in words if word is not None))
    return kept if kept and None not in words else None


def _enumerated(items: list[str], lexicon: Lexicon) -> str:
    after = listed(items, lexicon.joint, lexicon.language)
    return "".join(item + joint for item, joint in zip(items, after, strict=True))
