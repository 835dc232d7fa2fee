"""What attributes mean: every name a record gives one (`Product colour`, `farbe`) leads to one concept (`colour`)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from shopkeeper.content.tables import table
from shopkeeper.errors import ConfigError

LANGUAGES = ("en", "de", "fr", "es")
"""Languages texts are written in; the first is the one words are looked up by."""


@dataclass(frozen=True, slots=True)
class Term:
    """A noun of one language.

    Attributes:
        text: The noun, in the plural where `plural`.
        gender: m, f or n; empty in English.
        plural: Whether verbs and articles take the plural.
        mass: Whether it takes no indefinite article (battery life, fruit).
        declined: Whether its first word is a German adjective, written as without an article (`maximaler Abstand`).
    """

    text: str
    gender: str = ""
    plural: bool = False
    mass: bool = False
    declined: bool = False


@dataclass(frozen=True, slots=True)
class Concept:
    """What an attribute means.

    Attributes:
        id: Its name in lexicons, importance tables and rules.
        weight: How much a shopper wants to know it, 0 to 100; 0 is never written.
        labels: What it is called, by language.
        says: `names` where values are names or codes that stand in every language, `duration` where the span of time
            inside the text is the fact, `property` where a yes is said by the label alone (`Dishwasher safe.`), else
            empty.
        needs: Dimension a number must have; a bare number is then no fact.
        family: `service` for terms of the shop rather than the thing.
        bound: `max` or `min` where the label says that it is one, so that the value need not (`maximum load: 5 kg`).
    """

    id: str
    weight: int
    labels: dict[str, Term]
    says: str = ""
    needs: str = ""
    family: str = ""
    bound: str = ""


def term(written: str) -> Term:
    """Read `Bildschirmdiagonale|f`, `cœurs|mp`, `fruit|u`, `maximaler Abstand|ma`."""
    text, _, marks = written.partition("|")
    return Term(
        text.strip(), next((mark for mark in marks if mark in "mfn"), ""), "p" in marks, "u" in marks, "a" in marks
    )


@cache
def concepts() -> dict[str, Concept]:
    """All concepts by id, in the order of the table."""
    found = {}
    for name, row in table("concepts").items():
        missing = [language for language in LANGUAGES if language not in row]
        if missing:
            raise ConfigError(f"Concept {name!r} has no label in {missing}.", "Add it to words/concepts.yaml.")
        labels = {language: term(row[language]) for language in LANGUAGES}
        found[name] = Concept(
            name, row["weight"], labels, row.get("says", ""), row.get("needs", ""), row.get("family", ""),
            row.get("bound", ""),
        )  # fmt: skip
    return found


@cache
def _by_name() -> dict[str, str]:
    return {_key(written): name for name, row in table("concepts").items() for written in row["names"]}


@lru_cache(maxsize=10_000)
def concept_of(label: str) -> str:
    """The concept an attribute's name stands for, empty where it is none we know."""
    key = _key(label)
    names = _by_name()
    return names.get(key) or names.get(_BARE.sub("", key)) or names.get(re.sub(r"\s*\([^)]*\)$", "", key)) or ""


_BARE = re.compile(r"^(?:product|item|produkt|artikel)\s+")


def _key(label: str) -> str:
    return " ".join(label.replace("_", " ").replace("-", " ").casefold().split())
