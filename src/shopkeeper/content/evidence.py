"""Compiles statements into the record that grounds texts of one language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from shopkeeper.content import reading
from shopkeeper.content.amounts import CURRENCY_CODES, RATING, Amount, Magnitude, amounts
from shopkeeper.content.record import Evidence, Record, Statement, Switch, silence
from shopkeeper.content.senses import LEVELS, Lexicon, Sense, lexicon_of
from shopkeeper.content.tokens import Word, fold, words

YES = frozenset(map(fold, reading.YES)) | {"y", "j"}
NO = frozenset(map(fold, reading.NO)) | {"n"}
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|[_/]+")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}\b")
BRACKETS = re.compile(r"\([^)]*\)")
IDENTITY = frozenset({"name", "title", "product"})


class _Part(NamedTuple):
    """What one statement brings to a record."""

    evidence: Evidence
    amounts: tuple[Amount, ...] = ()
    literals: tuple[tuple[str, ...], ...] = ()
    switches: tuple[Switch, ...] = ()
    polar: tuple[tuple[Sense, bool], ...] = ()


def record_of(statements: Iterable[Statement], lexicon: Lexicon) -> Record:
    """Return the record that grounds texts in the lexicon's language."""
    record = Record()
    for statement in statements:
        part = _part(statement, lexicon.locale)
        said = part.evidence.statement
        record.evidence.append(part.evidence)
        record.amounts.extend([(amount, said) for amount in part.amounts])
        for letters in part.literals:
            record.literals.setdefault(letters[0], []).append(letters)
        record.switches.extend(part.switches)
        record.polar.update(part.polar)
    return record


def spaced(name: str) -> str:
    """Return an attribute's name as words.

    >>> spaced("screenSize"), spaced("screen_size")
    ('screen Size', 'screen size')
    """
    return CAMEL.sub(" ", name)


@lru_cache(maxsize=16_384)
def _part(statement: Statement, language: str) -> _Part:
    """Return what a statement brings; shops say the same of product after product."""
    lexicon = lexicon_of(language)
    spoken = lexicon_of(statement.language) if statement.language else lexicon
    name, value = spaced(statement.name), statement.value.strip().strip('"')
    named = [_worded(name, spoken.locale), *(_worded(other, lexicon.locale) for other in statement.called)]
    names = frozenset(stem for one in named for stem in _stems(one))
    labels = tuple(dict.fromkeys(label for one in named if (label := _stems(one) - lexicon.plain)))
    folded = fold(value)
    if folded in YES or folded in NO:
        quiet = silence(statement.name, statement.value)
        polar = Evidence(statement, names, labels, polarity=folded in YES, silence=quiet)
        return _switched(polar, named, (spoken, lexicon))
    valued = _worded(value, lexicon.locale)
    also = [_worded(other, lexicon.locale) for other in statement.also]
    senses = _senses(statement, name, value, spoken.locale)
    for other in also:
        senses |= {sense for mention in lexicon.mentions(other) for sense in mention.senses}
    dated = _date_words(value, lexicon)
    said = _amounts(statement, value, spoken) if not dated else _dates(value)
    about = _worded(statement.subject, lexicon.locale)
    evidence = Evidence(
        statement, names, labels, silence=silence(statement.name, statement.value),
        stems=frozenset().union(dated, _stems(valued), _stems(about), *map(_stems, also)),
        cores=((*dated,),) if dated else _cores(value, statement, bool(said), spoken, lexicon),
        about=_core(_worded(BRACKETS.sub("", statement.subject), lexicon.locale)),
        senses=senses,
        magnitudes=() if dated else tuple(m for amount in said for m in (*amount.readings, *amount.upper)),
    )  # fmt: skip
    literals = tuple(letters for whole in (valued, *also, about) for letters in _quotes(whole, proper=not senses))
    return _Part(evidence, (*said, *_label_amounts(statement, spoken, lexicon)), literals)


def _label_amounts(statement: Statement, spoken: Lexicon, lexicon: Lexicon) -> Iterable[Amount]:
    """Yield the numbers in an attribute's names, which a text repeats with them: USB 2.0 ports."""
    for name, by in ((spaced(statement.name), spoken), *((other, lexicon) for other in statement.called)):
        if any(letter.isdigit() for letter in name):
            yield from amounts(_worded(name, by.locale), name, by.numerals)


@lru_cache(maxsize=16_384)
def _worded(text: str, language: str) -> tuple[Word, ...]:
    """Return the words of a name or value; shops repeat them from product to product."""
    return tuple(words(text, language))


def _quotes(whole: Sequence[Word], *, proper: bool) -> Iterable[tuple[str, ...]]:
    """Yield what a text quotes of a value: the whole, and of a proper name any two words in a row."""
    letters = tuple([w.folded for w in whole if not w.is_sign])
    if len(letters) > 1 or (letters and proper):
        yield letters
    if len(letters) > 2 and proper:  # a long name is often cut short
        for start in range(len(letters) - 1):
            yield letters[start : start + 2]


def _amounts(statement: Statement, value: str, spoken: Lexicon) -> Sequence[Amount]:
    if statement.amounts is not None:
        return statement.amounts
    return amounts(_worded(value, spoken.locale), value, spoken.numerals)


def _cores(
    value: str, statement: Statement, has_amounts: bool, spoken: Lexicon, lexicon: Lexicon
) -> tuple[tuple[str, ...], ...]:
    """Return the ways a value is told; in another language its amounts do alone."""
    ways = [_core(_worded(BRACKETS.sub("", way), lexicon.locale)) for way in (value, *statement.also)]
    return (*ways, ()) if has_amounts and spoken.locale != lexicon.locale else tuple(ways)


def _core(found: Iterable[Word]) -> tuple[str, ...]:
    return tuple([word.stem for word in found if not word.is_sign and not word.is_number])


def _stems(found: Iterable[Word]) -> frozenset[str]:
    return frozenset([word.stem for word in found if not word.is_sign])


def _switched(evidence: Evidence, named: Sequence[Sequence[Word]], lexica: tuple[Lexicon, Lexicon]) -> _Part:
    """Return what a yes-or-no property brings: senses where its name has any, else the words that name it."""
    spoken, lexicon = lexica
    on = bool(evidence.polarity)
    polar: list[tuple[Sense, bool]] = []
    switches: list[Switch] = []
    for place, one in enumerate(named):
        by = spoken if place == 0 else lexicon
        mentions = by.mentions(one)
        polar += [(sense, on) for mention in mentions for sense in mention.senses]
        without = bool(one) and one[0].folded in by.without  # `sans BPA: oui` denies BPA
        stems = _stems(one[without:]) - by.plain
        if not mentions and stems:
            switches.append(Switch(stems, on is not without, evidence.statement))
    return _Part(evidence, switches=tuple(switches), polar=tuple(polar))


@lru_cache(maxsize=16_384)
def _senses(statement: Statement, name: str, value: str, language: str) -> frozenset[Sense]:
    """Return the senses a value gives: all of them, unless it is the proper name of something else."""
    lexicon = lexicon_of(language)
    whole = _worded(f"{name} {value}", lexicon.locale)
    offset = len(_worded(name, lexicon.locale))
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
    for said in _amounts(statement, value, lexicon):
        found.update(_level(said, whole[:offset], lexicon))
    return frozenset(found)


def _level(said: Amount, named: Sequence[Word], lexicon: Lexicon) -> set[Sense]:
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
    named = _worded(lexicon.months[int(month) - 1], lexicon.locale)[0].stem if 1 <= int(month) <= 12 else ""
    return frozenset({year, named, str(int(day))})
