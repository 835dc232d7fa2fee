"""The words of one language: frames, nouns, values and number formats, with a merchandiser's edits over ours."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from shopkeeper.content.concepts import LANGUAGES, Term
from shopkeeper.content.frames import Frame, frame
from shopkeeper.content.nouns import Noun, nouns_of
from shopkeeper.content.numbers import Numerals, numerals
from shopkeeper.content.phrase_file import FILE, read_phrases
from shopkeeper.content.tables import table
from shopkeeper.errors import InputError
from shopkeeper.objectives.yaml_lines import read_document

VOICES = ("neutral", "warm", "expert")
"""Voices a text can have; each adds frames of its own to those of `any`."""

_NOUN = {"name", "brand", "noun", "a", "the", "this", "it", "colour", "material", "facts", "list"}
_FACT = {"value", "label", "the_label", "a_label", "this", "the", "it", "noun"}
_INTRO = {"nouns", "brands", "colour", "label", "value"}
SLOTS: dict[str, set[str]] = {
    "openers": _NOUN, "named": _NOUN, "measures": _FACT, "figures": {"list"}, "joined": _NOUN, "flags": _FACT,
    "with": {"value"}, "sentences": _FACT, "worded": _FACT, "title": _NOUN, "meta_title": _NOUN, "meta_calls": set(),
    "alt": _NOUN, "subject": _NOUN, "headline": _NOUN, "ad": _NOUN, "intro": _INTRO,
}  # fmt: skip
"""Sections of a language's table that hold frames, and the slots each may use."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The words of one language.

    Attributes:
        language: One of `LANGUAGES`.
        numerals: How numbers and units are written.
        joint: What stands before the last item of an enumeration.
        colon: What stands between label and value.
        identity: What brand and kind of product are called as labels.
        frames: Section -> voice (`any`, `warm` ...) or concept -> frames.
        nouns: What categories and tags are called -> noun.
        version: Hash of all its words; a piece written with other words can be told by it.
    """

    language: str
    numerals: Numerals
    joint: str
    colon: str
    identity: Mapping[str, Term]
    frames: Mapping[str, Mapping[str, tuple[Frame, ...]]]
    nouns: Mapping[str, Noun]
    values: Mapping[str, Mapping[str, str]]
    weights: Mapping[str, Mapping[str, int]]
    version: str

    def voiced(self, section: str, voice: str) -> tuple[Frame, ...]:
        """Frames of a section for a voice: those of every voice, and its own three times as likely."""
        by = self.frames[section]
        return 3 * by.get(voice, ()) + by.get("any", ())

    def word(self, item: str, concept: str, spoken: str) -> str | None:
        """A value in this language; None where it is no name and no table has it.

        Args:
            item: As the record writes it.
            concept: Whose value it is; its own table comes first.
            spoken: Language of the record.
        """
        folded = " ".join(item.casefold().split())
        found = self.values.get(f"{spoken} {concept}", {}).get(folded) or self.values[f"{spoken} any"].get(folded)
        if found is not None:
            return found
        return item if spoken == self.language or is_name(item) else None

    def weight(self, noun: str, concept: str, usual: int) -> int:
        """How much shoppers of a kind of product want to know a concept."""
        return self.weights.get(noun, {}).get(concept, usual)


@lru_cache(maxsize=10_000)
def is_name(text: str) -> bool:
    """Whether a value reads alike in every language: a code or proper name such as `i7-1260P`, `Windows 11 Pro`, `LCD`.

    It has a digit, a sign or a capital inside a word, and no word all in small letters, which some language would own.
    """
    tokens = re.split(r"[\s/+(),]+", text)
    marked = any(re.search(r"\d|[®™]|[^\W\d_].*[A-Z]", token) for token in tokens)
    return marked and not any(re.fullmatch(r"[^\W\d_]{2,}", token) and token.islower() for token in tokens)


def language_of(locale: str) -> str:
    """The language a locale is written in.

    Raises:
        InputError: A language without a lexicon.
    """
    language = locale.replace("_", "-").split("-")[0].casefold()
    if language not in LANGUAGES:
        raise InputError(f"There are no words for locale {locale!r}.", f"Use one of: {', '.join(LANGUAGES)}.")
    return language


def lexicon(language: str, edits: Path | None = None) -> Lexicon:
    """The words of a language, read once, and again when a file of `edits` has changed.

    Args:
        language: One of `LANGUAGES`.
        edits: A folder with any of `LANGUAGE.yaml`, `nouns.yaml`, `values.yaml`, `importance.yaml`: its rows come
            before ours, and a list of frames replaces ours of the same section and key. Approved phrases of its
            `phrases.json` are added to theirs.

    Raises:
        ConfigError: A frame with an unknown slot or brackets that do not match; the message names it.
    """
    files = [*edits.glob("*.yaml"), *edits.glob(FILE)] if edits else []
    changed = tuple(sorted((str(path), path.stat().st_mtime_ns) for path in files))
    return _lexicon(language, edits, changed)


@lru_cache(maxsize=64)
def _lexicon(language: str, edits: Path | None, changed: tuple[tuple[str, int], ...]) -> Lexicon:  # noqa: ARG001 - a key
    words = _with_phrases(_edited(table(language), edits, language), edits, language)
    nouns = _edited(table("nouns"), edits, "nouns")
    values = _edited(table("values"), edits, "values")
    importance = [*table("importance"), *(_edits(edits, "importance") or [])]
    source = json.dumps([words, nouns, values, importance], ensure_ascii=False, sort_keys=True)
    joins = words["joins"]
    return Lexicon(
        language=language,
        numerals=numerals(words["numbers"], words.get("units", {}), words.get("dative_units", {}), joins, language),
        joint=joins["and"],
        colon=joins["colon"],
        identity={name: Term(text) for name, text in words["identity"].items()},
        frames={section: _frames(words, section, slots, language) for section, slots in SLOTS.items()},
        nouns=nouns_of(nouns),
        values=_values(values, language),
        weights={noun: row["weights"] for row in importance for noun in row["nouns"]},
        version=hashlib.blake2b(source.encode(), digest_size=8).hexdigest(),
    )


def _edits(folder: Path | None, name: str) -> Any:  # noqa: ANN401 - a table as YAML has it
    path = folder / f"{name}.yaml" if folder is not None else None
    if path is None or not path.exists():
        return None
    return read_document(path.read_text("utf-8"), str(path))


def _edited(ours: Mapping[str, Any], folder: Path | None, name: str) -> dict[str, Any]:
    merged = dict(ours)
    for section, rows in (_edits(folder, name) or {}).items():
        known = merged.get(section)
        if isinstance(rows, Mapping) and isinstance(known, Mapping):
            merged[section] = {**known, **rows}
        else:
            merged[section] = rows
    return merged


def _with_phrases(words: dict[str, Any], folder: Path | None, language: str) -> dict[str, Any]:
    """Words with the phrases a person approved, each beside the frames of its section and voice."""
    for phrase in read_phrases(folder) if folder is not None else ():
        if phrase.language == language and phrase.state == "approved":
            rows = words[phrase.section]
            by_voice = dict(rows) if isinstance(rows, Mapping) else {"any": rows}
            by_voice[phrase.voice] = [*by_voice.get(phrase.voice, ()), phrase.text]
            words = {**words, phrase.section: by_voice}
    return words


def _frames(words: Mapping[str, Any], section: str, slots: set[str], language: str) -> dict[str, tuple[Frame, ...]]:
    rows = words.get(section, {})
    by_key = rows if isinstance(rows, Mapping) else {"any": rows}
    known = frozenset(slots)
    parsed = {}
    for name, texts in by_key.items():
        listed = [texts] if isinstance(texts, str) else texts
        where = f"{language}.yaml, {section}.{name}"
        parsed[name] = tuple(frame(_spaced(text, language), where, known) for text in listed)
    return parsed


def _spaced(text: str, language: str) -> str:
    """French puts a no-break space before its tall signs."""
    if language != "fr":
        return text
    return re.sub(r" ([:;?!])", lambda sign: ("\u00a0" if sign[1] == ":" else "\u202f") + sign[1], text)


def _values(rows: Mapping[str, Mapping[str, list[str]]], language: str) -> dict[str, dict[str, str]]:
    """`SPOKEN CONCEPT` -> folded value in the language spoken -> value in this language."""
    place = LANGUAGES.index(language)
    index: dict[str, dict[str, str]] = {f"{spoken} any": {} for spoken in LANGUAGES}
    for concept, values in rows.items():
        for english, row in values.items():
            index.setdefault(f"en {concept}", {})[english] = row[place]
            for spoken, word in zip(LANGUAGES, row, strict=True):
                index.setdefault(f"{spoken} {concept}", {}).setdefault(word.casefold(), row[place])
    return index
