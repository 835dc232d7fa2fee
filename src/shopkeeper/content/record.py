"""A product's record as grounding reads it: which senses, amounts, names and yes-or-no properties back a text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from shopkeeper.content.amounts import Amount, Magnitude
from shopkeeper.content.senses import Sense

SAME_ROOT = 5  # letters two words must share from the start to be of one root


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing a record says: an attribute and a value, both as written; a list is several statements.

    Attributes:
        name: The attribute, in any spelling (`screenSize`, `screen_size`, `Screen size`).
        value: The value with its unit.
        subject: What it is about, where the record tells of several things; elsewhere empty.
        language: Language of name and value; empty where it is that of the texts.
        called: Other names of the attribute, in the language of the texts.
        also: Other words for the value that are as true of it, in the language of the texts.
        amounts: The amounts of the value where they are known; else they are read from it.
    """

    name: str
    value: str
    subject: str = ""
    language: str = ""
    called: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    amounts: tuple[Amount, ...] | None = None


def silence(name: str, value: str) -> str:
    """Return what is said of a text that leaves a statement out."""
    return f"{name} ({value}) is not said."


@dataclass(frozen=True, slots=True)
class Evidence:
    """What of one statement may be found in a text; empty parts say nothing.

    Attributes:
        stems: Words of the value and of its other names.
        cores: Ways to tell the value, each its words without numbers and without what stands in brackets.
        names: Words of the attribute's names.
        labels: Its names, each as the words that tell it from others.
        about: Words of the subject, without what stands in brackets.
        senses: What the value means.
        magnitudes: Its amounts in base units.
        polarity: Whether a yes-or-no property is on; None for all others.
        silence: What is said of a text that leaves it out.
    """

    statement: Statement
    names: frozenset[str]
    labels: tuple[frozenset[str], ...] = ()
    stems: frozenset[str] = frozenset()
    cores: tuple[tuple[str, ...], ...] = ()
    about: tuple[str, ...] = ()
    senses: frozenset[Sense] = frozenset()
    magnitudes: tuple[Magnitude, ...] = ()
    polarity: bool | None = None

    silence: str = ""


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
    def labelled(self) -> Mapping[str, tuple[tuple[frozenset[str], list[Evidence]], ...]]:
        """Each word of an attribute's name -> (all words of that name, statements it names)."""
        by: dict[frozenset[str], list[Evidence]] = {}
        for of in self.evidence:
            for label in of.labels:
                by.setdefault(label, []).append(of)
        starts: dict[str, list[tuple[frozenset[str], list[Evidence]]]] = {}
        for label, held in by.items():
            for stem in label:
                starts.setdefault(stem, []).append((label, held))
        return {stem: tuple(entries) for stem, entries in starts.items()}

    @cached_property
    def _long(self) -> Mapping[str, list[str]]:
        """First letters -> long words that begin with them; two of one root share those."""
        by: dict[str, list[str]] = {}
        for stem in self.stems:
            if len(stem) >= SAME_ROOT:
                by.setdefault(stem[:SAME_ROOT], []).append(stem)
        return by

    def backs(self, stem: str) -> bool:
        """Whether a word is one of the record's, or of the root of one: `musician` by `music`."""
        known = self._backed.get(stem)
        if known is None:
            known = stem in self.stems or (
                len(stem) >= SAME_ROOT
                and any(one.startswith(stem) or stem.startswith(one) for one in self._long.get(stem[:SAME_ROOT], ()))
            )
            self._backed[stem] = known
        return known

    def amounts_of(self, statement: Statement) -> Sequence[Amount]:
        """Return the amounts of one of its statements."""
        return self._amounts_of.get(id(statement), ())

    @cached_property
    def _amounts_of(self) -> Mapping[int, list[Amount]]:
        by: dict[int, list[Amount]] = {}  # by identity: a statement's hash is that of all its words
        for amount, statement in self.amounts:
            by.setdefault(id(statement), []).append(amount)
        return by

    @cached_property
    def magnitudes(self) -> Mapping[str, tuple[Amount, ...]]:
        """Dimension -> amounts that may be of it."""
        by: dict[str, list[Amount]] = {}
        for amount, _ in self.amounts:
            for reading in amount.readings:
                by.setdefault(reading.dimension, []).append(amount)
        return {dimension: tuple(held) for dimension, held in by.items()}
