"""Claims of a text: senses, amounts and yes-or-no properties it names, each with its place and whether it is denied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from shopkeeper.content.amounts import Amount, amounts
from shopkeeper.content.record import Record, Switch
from shopkeeper.content.senses import Lexicon, Mention
from shopkeeper.content.tokens import ENDS_CLAUSE, Word, words

NEGATION_REACH = 5  # words before a claim in which a negation still turns it
WITHOUT_REACH = 1  # words between "without" and what it denies: "without any leather"
NEGATION_BEHIND = 2  # words behind it: "children are not welcome"
SWITCH_REACH = 6  # words over which the parts of a property's name may be spread


class SenseClaim(NamedTuple):
    """The text says (or denies) one of some senses."""

    mention: Mention
    denied: bool


@dataclass(frozen=True, slots=True)
class SwitchClaim:
    """The text says (or denies) a yes-or-no property of the record."""

    first: int
    last: int
    switch: Switch
    denied: bool


@dataclass(frozen=True, slots=True)
class Claims:
    """All claims of one text.

    Attributes:
        words: Its words.
        quoted: Positions of words that repeat a name or value of the record as it stands.
        senses, amounts, switches: The claims, in order of place.
        all_amounts: Amounts with those inside what is quoted.
    """

    words: Sequence[Word]
    quoted: frozenset[int]
    senses: tuple[SenseClaim, ...]
    amounts: tuple[Amount, ...]
    switches: tuple[SwitchClaim, ...]
    all_amounts: tuple[Amount, ...]


def claims_of(text: str, record: Record, lexicon: Lexicon) -> Claims:
    """Return the claims of a text; what repeats a value of the record word for word is quoted, not claimed."""
    found = words(text, lexicon.locale)
    quoted = _quoted(found, record)
    mentions = lexicon.mentions(found)
    taken = frozenset(i for mention in mentions for i in range(mention.first, mention.last + 1))
    senses = [
        SenseClaim(mention, turned)
        for mention in mentions
        if (turned := denied(found, mention.first, mention.last, lexicon, taken))
        or not all(i in quoted for i in range(mention.first, mention.last + 1))
    ]
    every = tuple(amounts(found, text, lexicon.numerals))
    said = tuple(a for a in every if not all(i in quoted for i in range(a.first, a.last + 1)))
    switches = tuple(_switches(found, record, lexicon, taken, quoted))
    return Claims(found, quoted, _agreed(senses, found), said, switches, every)


def denied(found: Sequence[Word], first: int, last: int, lexicon: Lexicon, taken: frozenset[int]) -> bool:
    """Whether a negation in the same clause turns what stands from `first` to `last`.

    It turns the claim it stands nearest to, and those joined to that by `or`; `taken` are the words of other claims.
    """
    reach, joined = 0, False
    for at in range(first - 1, -1, -1):
        word = found[at]
        if word.text in ENDS_CLAUSE or word.folded in lexicon.clause_breaks or reach >= NEGATION_REACH:
            break
        joined = joined or word.folded in lexicon.alternatives
        if at in taken and not joined:
            break
        if word.folded in lexicon.without and reach <= WITHOUT_REACH:
            return True
        if word.folded in lexicon.negates_before:
            return not (at + 1 < len(found) and found[at + 1].folded == "only")
        reach += word.text not in "-/"
    reach = 0
    for at in range(last + 1, len(found)):
        word = found[at]
        if word.text in ENDS_CLAUSE or word.folded in lexicon.clause_breaks or reach >= NEGATION_BEHIND:
            break
        following = found[at + 1].folded if at + 1 < len(found) else ""
        for form in ((word.folded,), (word.folded, following)):
            if form in lexicon.negates_after:
                return at + len(form) not in taken  # "this pub is not kid friendly" denies what follows
        reach += word.text not in "-/"
    return False


def _quoted(found: Sequence[Word], record: Record) -> frozenset[int]:
    """Return the words that repeat a value of the record: whole, or two words in a row of a longer proper name."""
    places = [i for i, w in enumerate(found) if not w.is_sign]
    plain = tuple([found[i].folded for i in places])
    quoted: set[int] = set()
    literals = record.literals
    for at in [i for i, folded in enumerate(plain) if folded in literals]:
        for literal in literals[plain[at]]:
            if plain[at : at + len(literal)] == literal:
                quoted.update(range(places[at], places[at + len(literal) - 1] + 1))
    return frozenset(quoted)


def _agreed(senses: Sequence[SenseClaim], found: Sequence[Word]) -> tuple[SenseClaim, ...]:
    """Two mentions of one sense in a clause are denied together: "families with children are not welcome"."""
    agreed = list(senses)
    for i in range(len(agreed) - 1):
        one, two = agreed[i], agreed[i + 1]
        same = one.mention.senses == two.mention.senses
        gap = found[one.mention.last + 1 : two.mention.first]
        if same and one.denied != two.denied and not any(w.text in ENDS_CLAUSE for w in gap):
            agreed[i], agreed[i + 1] = SenseClaim(one.mention, True), SenseClaim(two.mention, True)
    return tuple(agreed)


def _switches(
    found: Sequence[Word], record: Record, lexicon: Lexicon, taken: frozenset[int], quoted: frozenset[int]
) -> list[SwitchClaim]:
    said = []
    for switch in record.switches:
        places = [i for i, word in enumerate(found) if word.stem in switch.stems]
        need = len(switch.stems)
        for i in range(len(places) - need + 1):
            window = places[i : i + need]
            if all(p in quoted for p in window):
                continue
            if window[-1] - window[0] < SWITCH_REACH and len({found[p].stem for p in window}) == need:
                turned = denied(found, window[0], window[-1], lexicon, taken)
                said.append(SwitchClaim(window[0], window[-1], switch, turned))
    return said
