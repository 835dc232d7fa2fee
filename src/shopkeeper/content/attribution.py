"""Which attribute an amount or value of a text is said of, where the text names the attribute: "height 20 cm"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from shopkeeper.content.agreement import agrees
from shopkeeper.content.amounts import Amount
from shopkeeper.content.claims import Claims, SenseClaim
from shopkeeper.content.findings import Finding
from shopkeeper.content.record import Evidence, Record
from shopkeeper.content.senses import Lexicon
from shopkeeper.content.tokens import ENDS_CLAUSE, Word

Place = tuple[int, int]  # first and last word
REACH = 4  # words between an attribute's name and its value: "the height of it is 20 cm"
SPREAD = 2  # words more than its own that a name of several words may be spread over


class Label(NamedTuple):
    """A place where a text names an attribute; several where the record has it more than once."""

    first: int
    last: int
    of: tuple[Evidence, ...]


def attributed(
    found: Sequence[Word], values: Sequence[Place], record: Record, lexicon: Lexicon
) -> Mapping[tuple[int, int], Label]:
    """Return which label each value belongs to, by the value's place.

    Each label takes one value: a value takes the free label before it in its clause, else the one behind it.

    Args:
        found: Words of the text.
        values: First and last word of each amount or sense, in order of place.
        record: Its labels are looked for.
        lexicon: Its words that end a clause keep a label from a value beyond them.
    """
    free = list(_labels(found, record))  # in order of place
    belongs: dict[Place, Label] = {}
    for first, last in values if free else ():
        before = [one for one in free if 0 < first - one.last <= REACH + 1]
        behind = [one for one in free if 0 < one.first - last <= REACH + 1 and not _announces(found, last, one.first)]
        chosen = next((one for one in reversed(before) if _joined(found, one.last, first, lexicon)), None) or next(
            (one for one in behind if _joined(found, last, one.first, lexicon)), None
        )
        if chosen is not None:
            free.remove(chosen)
            belongs[first, last] = chosen
    return belongs


def misplaced(claims: Claims, record: Record, lexicon: Lexicon, text: str) -> Iterator[tuple[int, int, Finding]]:
    """Find values of the record that are said of another attribute than theirs: width and height swapped."""
    amounts = {(a.first, a.last): a for a in claims.all_amounts}
    senses = {(c.mention.first, c.mention.last): c for c in claims.senses if not c.denied}
    for place, label in attributed(claims.words, sorted({*amounts, *senses}), record, lexicon).items():
        amount, sense = amounts.get(place), senses.get(place)
        if (amount and not _amount_is_theirs(amount, label, record)) or (sense and not _sense_is_theirs(sense, label)):
            first, last = place
            start, end = claims.words[first].start, claims.words[last].end
            written = text[start:end]
            of = label.of[0].statement
            yield first, last, Finding(
                "grounding.changed", start, end, f"`{written}` is not what the record says of {of.name} ({of.value}).",
                f"Say {of.value}, or leave it out.",
            )  # fmt: skip


def _amount_is_theirs(said: Amount, label: Label, record: Record) -> bool:
    """Whether an amount agrees with the statements it is said of, as far as they have amounts of its dimension."""
    dimensions = {reading.dimension for reading in said.readings} - {""}
    theirs = [of.statement for of in label.of if any(m.dimension in dimensions for m in of.magnitudes)]
    held = [amount for statement in theirs for amount in record.amounts_of(statement)]
    return not held or any(agrees(said, amount) for amount in held)


def _sense_is_theirs(claim: SenseClaim, label: Label) -> bool:
    """Whether a sense is among those of the statements it is said of, as far as they have senses of its set."""
    sets = {sense.set for sense in claim.mention.senses}
    held = {sense for of in label.of for sense in of.senses if sense.set in sets}
    return not held or any(sense in held for sense in claim.mention.senses)


def _joined(found: Sequence[Word], one: int, other: int, lexicon: Lexicon) -> bool:
    """Whether no clause ends between two places."""
    return not any(
        (word.text in ENDS_CLAUSE and word.text != ":") or word.folded in lexicon.clause_breaks
        for word in found[one + 1 : other]
    )


def _announces(found: Sequence[Word], one: int, other: int) -> bool:
    """Whether a colon stands between two places: what it announces says nothing of the value before it."""
    return any(word.text == ":" for word in found[one + 1 : other])


def _labels(found: Sequence[Word], record: Record) -> Iterator[Label]:
    labelled, behind = record.labelled, 0
    for at in [i for i, word in enumerate(found) if word.stem in labelled]:
        if at < behind:
            continue
        best: tuple[int, list[Evidence]] | None = None
        for stems, of in labelled[found[at].stem]:
            if best is not None and len(stems) <= best[0]:
                continue
            if len(stems) == 1 or stems.issubset([word.stem for word in found[at : at + len(stems) + SPREAD]]):
                best = (len(stems), of)
        if best is not None:
            behind = at + best[0]
            yield Label(at, behind - 1, tuple(best[1]))
