"""A product's record as grounding reads it: which senses, amounts, names and yes-or-no properties back a text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from shopkeeper.content.amounts import CURRENCY_CODES, RATING, Amount, Magnitude, amounts
from shopkeeper.content.senses import LEVELS, Lexicon, Sense
from shopkeeper.content.tokens import Word, fold, words

YES = frozenset({"yes", "true", "ja", "oui", "si", "y", "j"})
NO = frozenset({"no", "false", "nein", "non", "n", "none"})
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|[_/]+")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}\b")
BRACKETS = re.compile(r"\([^)]*\)")
SAME_ROOT = 5  # letters two words must share from the start to be of one root
IDENTITY = frozenset({"name", "title", "product"})


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing a record says: an attribute and a value, both as written; a list is several statements.

    Attributes:
        name: The attribute, in any spelling (`screenSize`, `screen_size`, `Screen size`).
        value: The value with its unit.
        subject: What it is about, where the record tells of several things; elsewhere empty.
        also: Other words for the value that are as true of it, such as its name in the language of the text.
    """

    name: str
    value: str
    subject: str = ""
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What of one statement may be found in a text; empty parts say nothing.

    Attributes:
        stems: Words of the value and of its other names.
        core: The words of the value that tell it: without numbers, without what stands in brackets.
        names: Words of the attribute's name.
        about: Words of the subject, without what stands in brackets.
        senses: What the value means.
        magnitudes: Its amounts in base units.
        polarity: Whether a yes-or-no property is on; None for all others.
    """

    statement: Statement
    names: frozenset[str]
    stems: frozenset[str] = frozenset()
    core: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    senses: frozenset[Sense] = frozenset()
    magnitudes: tuple[Magnitude, ...] = ()
    polarity: bool | None = None


@dataclass(frozen=True, slots=True)
class Switch:
    """A yes-or-no property: the stems that name it, in any order and close together."""

    stems: frozenset[str]
    on: bool
    statement: Statement


@dataclass
class Record:
    """All statements of one product, compiled once for many texts.

    Attributes:
        evidence: What each statement may be found by.
        amounts: Amounts of all statements, with the statement each is of.
        literals: First folded word -> values of several words, as folded words.
        switches: Yes-or-no properties named by plain words.
        polar: Yes-or-no properties named by senses.
    """

    evidence: list[Evidence] = field(default_factory=list)
    amounts: list[tuple[Amount, Statement]] = field(default_factory=list)
    literals: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)
    switches: list[Switch] = field(default_factory=list)
    polar: dict[Sense, bool] = field(default_factory=dict)
    _backed: dict[str, bool] = field(default_factory=dict, repr=False)

    @cached_property
    def senses(self) -> frozenset[Sense]:
        return frozenset(sense for of in self.evidence for sense in of.senses)

    @cached_property
    def sets(self) -> frozenset[str]:
        """Names of the sets of which the record says something."""
        return frozenset(sense.set for sense in (*self.senses, *self.polar))

    @cached_property
    def stems(self) -> frozenset[str]:
        return frozenset(stem for of in self.evidence for stem in (*of.stems, *of.names, *of.about))

    @cached_property
    def _long(self) -> frozenset[str]:
        return frozenset(stem for stem in self.stems if len(stem) >= SAME_ROOT)

    def backs(self, stem: str) -> bool:
        """Whether a word is one of the record's, or of the root of one: `musician` by `music`."""
        known = self._backed.get(stem)
        if known is None:
            known = stem in self.stems or (
                len(stem) >= SAME_ROOT and any(one.startswith(stem) or stem.startswith(one) for one in self._long)
            )
            self._backed[stem] = known
        return known

    @cached_property
    def magnitudes(self) -> Mapping[str, tuple[tuple[Amount, int], ...]]:
        """Dimension -> amounts of it, each with the place of its reading."""
        by: dict[str, list[tuple[Amount, int]]] = {}
        for amount, _ in self.amounts:
            for place, magnitude in enumerate(amount.readings):
                by.setdefault(magnitude.dimension, []).append((amount, place))
        return {dimension: tuple(held) for dimension, held in by.items()}


def record_of(statements: Iterable[Statement], lexicon: Lexicon) -> Record:
    """Return the record that grounds texts in the lexicon's language."""
    record = Record()
    for statement in statements:
        _add(record, statement, lexicon)
    return record


def spaced(name: str) -> str:
    """Return an attribute's name as words.

    >>> spaced("screenSize"), spaced("screen_size")
    ('screen Size', 'screen size')
    """
    return CAMEL.sub(" ", name)


def _add(record: Record, statement: Statement, lexicon: Lexicon) -> None:
    language = lexicon.locale
    name, value = spaced(statement.name), statement.value.strip().strip('"')
    named, valued = words(name, language), words(value, language)
    also = [word for other in statement.also for word in words(other, language)]
    folded = fold(value.strip())
    polarity = True if folded in YES else False if folded in NO else None
    if polarity is not None:
        _add_switch(record, statement, named, polarity, lexicon)
        record.evidence.append(Evidence(statement, _stems(named), polarity=polarity))
        return
    senses = _senses(statement, name, value, valued, lexicon)
    dated = _date_words(value, lexicon)
    said = _dates(value) if dated else amounts(valued, value, lexicon.numerals)
    record.amounts.extend((amount, statement) for amount in said)
    magnitudes = () if dated else tuple(m for amount in said for m in (*amount.readings, *amount.upper))
    for whole in (valued, *([words(statement.subject, language)] if statement.subject else [])):
        letters = tuple(w.folded for w in whole if not w.is_sign)
        if len(letters) > 1 or (letters and not senses):
            record.literals.setdefault(letters[0], []).append(letters)
        if len(letters) > 2 and not senses:  # a long name is often cut short
            for start in range(len(letters) - 1):
                record.literals.setdefault(letters[start], []).append(letters[start : start + 2])
    about = words(BRACKETS.sub("", statement.subject), language)
    record.evidence.append(
        Evidence(
            statement, _stems(named),
            stems=_stems(valued) | _stems(also) | _stems(words(statement.subject, language)) | dated,
            core=(*dated,) or _core(words(BRACKETS.sub("", value), language)),
            about=_core(about), senses=senses, magnitudes=magnitudes,
        )
    )  # fmt: skip


def _core(found: Iterable[Word]) -> tuple[str, ...]:
    return tuple(word.stem for word in found if not word.is_sign and not word.is_number)


def _stems(found: Iterable[Word]) -> frozenset[str]:
    return frozenset(word.stem for word in found if not word.is_sign)


def _add_switch(record: Record, statement: Statement, named: Sequence[Word], on: bool, lexicon: Lexicon) -> None:
    mentions = lexicon.mentions(named)
    for mention in mentions:
        for sense in mention.senses:
            record.polar[sense] = on
    if not mentions:
        stems = frozenset(word.stem for word in named if not word.is_sign and word.stem not in lexicon.plain)
        if stems:
            record.switches.append(Switch(stems, on, statement))


def _senses(statement: Statement, name: str, value: str, valued: Sequence[Word], lexicon: Lexicon) -> frozenset[Sense]:
    """Return the senses a value gives: all of them, unless it is the proper name of something else."""
    whole = words(f"{name} {value}", lexicon.locale)
    offset = len(words(name, lexicon.locale))
    found: set[Sense] = set()
    covered: set[int] = set()
    for mention in lexicon.mentions(whole):
        if mention.last >= offset:
            found.update(mention.senses)
            covered.update(range(mention.first, mention.last + 1))
    content = [i for i, w in enumerate(whole) if i >= offset and not w.is_sign and w.stem not in lexicon.plain]
    proper = len(content) > 1 and all(whole[i].text[0].isupper() or whole[i].is_number for i in content)
    if proper and fold(statement.name) not in IDENTITY and any(i not in covered for i in content):
        found.clear()
    for said in amounts(valued, value, lexicon.numerals):
        found.update(_level_of(said, whole[:offset], lexicon))
    return frozenset(found)


def _level_of(said: Amount, named: Sequence[Word], lexicon: Lexicon) -> set[Sense]:
    """Return the level of an amount on its attribute's scale: 1 of 5 is low, and so is a price bracket open below."""
    magnitude = said.readings[0]
    for scale in lexicon.scales:
        if not any(word.folded in scale.cues for word in named):
            continue
        if magnitude.dimension == RATING and said.of:
            return {Sense(scale.name, level_of(magnitude.value / said.of))}
        bracket = {"below": 0, "at_most": 0, "range": 1, "above": 2, "at_least": 2}.get(said.relation)
        if bracket is not None and any(reading.dimension in CURRENCY_CODES for reading in said.readings):
            return {Sense(scale.name, LEVELS[bracket])}
    return set()


def level_of(share: float) -> str:
    """Return the level of a rating by its share of the most there is: 1 of 5 low, 3 of 5 middle, 4 of 5 high."""
    return LEVELS[0] if share <= 0.4 else LEVELS[1] if share <= 0.7 else LEVELS[2]


def _dates(value: str) -> list[Amount]:
    return [
        Amount(0, 0, "exact", (Magnitude("", float(part)),), numbers=(float(part),)) for part in value[:10].split("-")
    ]


def _date_words(value: str, lexicon: Lexicon) -> frozenset[str]:
    date = DATE.match(value)
    if date is None:
        return frozenset()
    year, month, day = date.group().split("-")
    named = words(lexicon.months[int(month) - 1], lexicon.locale)[0].stem if 1 <= int(month) <= 12 else ""
    return frozenset({year, named, str(int(day))})
