"""Which words mean what, by language: sets of values that exclude each other, scales, and negation.

Values are named the same in every language, so a fact in one grounds a text in another: `Red` backs `rot`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple

from shopkeeper.content.amounts import Numerals, Relation
from shopkeeper.content.concepts import LANGUAGES
from shopkeeper.content.spoken_numbers import and_word, bound_words, range_word
from shopkeeper.content.tables import table
from shopkeeper.content.tokens import ENDS_CLAUSE, Word, fold, language_of, words

LEVELS = ("low", "middle", "high")
DEGREE_REACH = 4  # words between a degree and its cue: "the price range of it is low"
BOUNDS: tuple[Relation, ...] = ("below", "above", "at_most", "at_least")
CROSSING = 3  # words a conjunction between the two counts for


_FIRST = attrgetter("first")


class Sense(NamedTuple):
    """One value of a set, such as (colour, red) or (price_level, low)."""

    set: str
    value: str


class Mention(NamedTuple):
    """Words of a text that name senses.

    Attributes:
        first, last: Positions of its first and last word.
        senses: What it may mean; one is enough to ground it.
    """

    first: int
    last: int
    senses: tuple[Sense, ...]


@dataclass(frozen=True, slots=True)
class Scale:
    """An ordered scale: `degrees` says the level of a word beside one of `cues`."""

    name: str
    cues: frozenset[str]
    degrees: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What one language's file says.

    Attributes:
        forms: First stem -> (stems, senses), longest first.
        scales: Scales whose level stands beside a cue.
        degrees: All words of degree of all scales.
        negates_before, negates_after, clause_breaks: Folded words around a claim that turn it, and where that ends.
        without: Words that deny what stands right behind them.
        alternatives: Words that join what one negation denies.
        known_only: Sets that are judged only where the record says something of them.
        numerals: How amounts are written.
        months: Folded names of the twelve months.
        plain: Stems of words that claim nothing: function words and general verbs.
        functions: The same words folded, with their endings: what a language is told by.
    """

    locale: str
    forms: Mapping[str, tuple[tuple[tuple[str, ...], tuple[Sense, ...]], ...]]
    scales: tuple[Scale, ...]
    degrees: frozenset[str]
    negates_before: frozenset[str]
    negates_after: frozenset[tuple[str, ...]]
    without: frozenset[str]
    clause_breaks: frozenset[str]
    alternatives: frozenset[str]
    known_only: frozenset[str]
    numerals: Numerals
    months: tuple[str, ...]
    plain: frozenset[str]
    functions: frozenset[str]

    def mentions(self, found: Sequence[Word]) -> list[Mention]:
        """Return every sense named in a text, longest first where forms overlap, in order of place."""
        named, position = [], 0
        plain = [(i, w) for i, w in enumerate(found) if w.text not in "-/"]
        while position < len(plain):
            match = self._form_at(plain, position) if plain[position][1].stem in self.forms else None
            if match is None:
                position += 1
                continue
            length, senses = match
            named.append(Mention(plain[position][0], plain[position + length - 1][0], senses))
            position += length
        return sorted(named + self._levels(found, named), key=_FIRST)

    def _form_at(self, plain: Sequence[tuple[int, Word]], at: int) -> tuple[int, tuple[Sense, ...]] | None:
        for stems, senses in self.forms.get(plain[at][1].stem, ()):
            behind = plain[at + 1 : at + len(stems)]
            if len(behind) == len(stems) - 1 and all(
                same_or_slip(w.stem, s) for (_, w), s in zip(behind, stems[1:], strict=True)
            ):
                return len(stems), senses
        return None

    def _levels(self, found: Sequence[Word], named: Sequence[Mention]) -> list[Mention]:
        taken = {i for mention in named for i in range(mention.first, mention.last + 1)}
        scaled = {i for mention in named if mention.senses[0].value in LEVELS for i in (mention.first - 1,)}
        levels = []
        for at in [i for i, word in enumerate(found) if word.folded in self.degrees]:
            if at in taken or at in scaled:
                continue
            word = found[at]
            reached = [
                (reach[0], reach[1], Sense(scale.name, scale.degrees[word.folded]))
                for scale in self.scales
                if word.folded in scale.degrees and (reach := self._cue(found, at, scale)) is not None
            ]
            if reached:
                _, cue, sense = min(reached)
                levels.append(Mention(min(at, cue), max(at, cue), (sense,)))
        return levels

    def _cue(self, found: Sequence[Word], at: int, scale: Scale) -> tuple[int, int] | None:
        """Return (distance, position) of the nearest cue of a scale; what follows is nearer than what stands before."""
        best: tuple[int, int] | None = None
        for step in (1, -1):
            cost = 0 if step == 1 else 1
            place = at + step
            while 0 <= place < len(found) and cost <= DEGREE_REACH + 1:
                word = found[place]
                if word.text in ENDS_CLAUSE:
                    break
                cost += CROSSING if word.folded in self.clause_breaks else word.text not in "-/"
                if word.folded in scale.cues:
                    best = min(best or (cost, place), (cost, place))
                    break
                place += step
        return best


def same_or_slip(written: str, meant: str) -> bool:
    """Whether two stems are one word, or one slip of the pen apart in a word of four letters or more.

    >>> same_or_slip("chop", "shop"), same_or_slip("red", "rod")
    (True, False)
    """
    if written == meant:
        return True
    if min(len(written), len(meant)) < 4 or abs(len(written) - len(meant)) > 1:
        return False
    short, long = sorted((written, meant), key=len)
    start = next((i for i, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if len(short) == len(long):
        return short[start + 1 :] == long[start + 1 :] or (
            short[start : start + 2] == long[start : start + 2][::-1] and short[start + 2 :] == long[start + 2 :]
        )
    return short[start:] == long[start + 1 :]


@cache
def lexicon_of(locale: str) -> Lexicon:
    """Return the lexicon of a locale's language, read once."""
    language = language_of(locale)
    document = table(language, "lexica")
    return lexicon_from(document, language, translated(table("en", "lexica"), language))


def translated(english: Mapping[str, Any], language: str) -> Iterator[tuple[Sense, str]]:
    """Yield what the realiser calls the values of English sets in a language, so that no word stands in two files.

    The files of other languages have only what `words/values.yaml` has not: inflected forms and rarer words.
    """
    values, place = table("values"), LANGUAGES.index(language)
    for name, choices in english.get("choices", {}).items():
        rows = {**values["any"], **values.get(name, {})}
        for value, written in choices.items():
            if value != "judged" and language != "en":
                yield from ((Sense(name, value), rows[form][place]) for form in written if form in rows)


def lexicon_from(document: Mapping[str, Any], language: str, known: Iterable[tuple[Sense, str]] = ()) -> Lexicon:
    """Return the lexicon a document describes, with further forms of senses where they are no function words."""
    forms: dict[tuple[str, ...], list[Sense]] = {}
    functions = frozenset(w.folded for line in document["plain"] for w in words(str(line), language))
    known_only, scales = set(), []

    def add(written: Iterable[str], sense: Sense) -> None:
        for form in written:
            stems = tuple(w.stem for w in words(str(form), language) if w.text not in "-/")
            if sense not in forms.setdefault(stems, []):
                forms[stems].append(sense)

    for name, values in document.get("choices", {}).items():
        for value, written in values.items():
            if value == "judged":
                known_only.add(name)
            else:
                add(written, Sense(name, value))
    for sense, form in known:
        if fold(form) not in functions:  # French `or` is gold, and `now`
            add((form,), sense)
    for name, scale in document.get("scales", {}).items():
        degrees = {fold(word): level for level in LEVELS for word in scale.get(level, ())}
        scales.append(Scale(name, frozenset(map(fold, scale["cues"])), degrees))
        for level, written in scale.get("alone", {}).items():
            add(written, Sense(name, level))
    by_first: dict[str, list[tuple[tuple[str, ...], tuple[Sense, ...]]]] = {}
    for stems, senses in sorted(forms.items(), key=lambda item: -len(item[0])):
        by_first.setdefault(stems[0], []).append((stems, tuple(senses)))
    negation = document["negation"]
    return Lexicon(
        locale=language,
        forms={first: tuple(entries) for first, entries in by_first.items()},
        scales=tuple(scales),
        degrees=frozenset(word for scale in scales for word in scale.degrees),
        negates_before=frozenset(map(fold, negation["before"])),
        negates_after=frozenset(tuple(map(fold, form.split())) for form in negation["after"]),
        without=frozenset(map(fold, negation["without"])),
        clause_breaks=frozenset(map(fold, negation["breaks"])),
        alternatives=frozenset(map(fold, negation["joins"])),
        known_only=frozenset(known_only),
        numerals=_numerals(document, language),
        months=tuple(map(fold, document["months"])),
        plain=frozenset(w.stem for line in document["plain"] for w in words(str(line), language)),
        functions=functions,
    )


def _numerals(document: Mapping[str, Any], language: str) -> Numerals:
    def phrases(written: Iterable[str]) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(fold(word) for word in str(phrase).split()) for phrase in written)

    bounds = document["bounds"]
    written = {"at_most": [bound_words("max", language)], "at_least": [bound_words("min", language)]}
    limits = {relation: phrases([*written.get(relation, ()), *bounds[relation]]) for relation in BOUNDS}
    return Numerals(
        language=language,
        bounds=limits,
        bound_ends=frozenset(phrase[-1] for known in limits.values() for phrase in known),
        ranges=frozenset(map(fold, [range_word(language), *bounds.get("range", ())])),
        between=frozenset(map(fold, bounds["between"])),
        between_and=frozenset([fold(and_word(language))]),
        words={fold(word): float(value) for word, value in document["numerals"].items()},
        rating_of=(*phrases(document["rating"]["of"]), ("/",)),
        stars=frozenset(map(fold, document["rating"]["stars"])),
        currencies={fold(word): code for word, code in document["currencies"].items()},
        not_units=frozenset(document["not_units"]),
    )
