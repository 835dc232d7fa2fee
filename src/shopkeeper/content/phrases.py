"""Phrases a model writes once for the realiser: frames that carry no fact, judged before a person sees them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from shopkeeper.content.briefs import LINK, Asked, Message
from shopkeeper.content.claim_rules import rules_of
from shopkeeper.content.doubt import frame_words, unbacked
from shopkeeper.content.frames import Choice, Frame, Group, Slot, frame
from shopkeeper.content.grounding import ground
from shopkeeper.content.lexicon import SLOTS, VOICES
from shopkeeper.content.record import Record
from shopkeeper.content.senses import lexicon_of
from shopkeeper.content.tables import table
from shopkeeper.errors import ConfigError, InputError

PROMPT: Final = "phrases-1"
"""Changes with every word of the prompt."""
LONGEST: Final = 120  # characters of a frame
MOST: Final = 40  # phrases asked for at once
NEEDS: Final[dict[str, frozenset[str]]] = {
    "openers": frozenset({"name"}),
    "meta_calls": frozenset(),
    "subject": frozenset({"name", "noun"}),
    "ad": frozenset({"name", "noun"}),
    "intro": frozenset({"nouns"}),
}
"""Sections a model may write for, and the slots of which each phrase must have one."""
_WHAT: Final = {
    "openers": "the sentence a product's description begins with",
    "meta_calls": "the short call at the end of a description on a results page",
    "subject": "the subject line of an e-mail about one product",
    "ad": "the text of an advertisement for one product",
    "intro": "the sentence a category's introduction begins with",
}
_SYSTEM: Final = """\
You write sentence frames for an online shop. A frame is words with slots in braces; a program fills in facts.
Use only the slots you are given, as they are written; a slot with a capital begins a sentence. What stands in square \
brackets is left out where its slot is empty. Every example is a frame as it should be.
The words of a frame carry no fact: no number, colour, material, use, quality, price, comparison, promise or praise.
Answer with the JSON object that the schema asks for, and nothing else."""


@dataclass(frozen=True, slots=True)
class PhraseBrief:
    """What is asked for.

    Attributes:
        section: One of `NEEDS`.
        voice: One of `lexicon.VOICES`, or `any`.
        count: How many phrases.
        seed: Another one asks anew.
    """

    language: str
    section: str
    voice: str
    count: int
    seed: int = 0

    def checked(self) -> PhraseBrief:
        """Return it. Raises InputError for a section or voice there is not, or for more than 40 phrases."""
        if self.section not in NEEDS:
            raise InputError(f"No phrases are written for {self.section!r}.", f"Use one of: {', '.join(NEEDS)}.")
        if self.voice not in {"any", *VOICES}:
            raise InputError(f"There is no voice {self.voice!r}.", f"Use one of: any, {', '.join(VOICES)}.")
        if not 1 <= self.count <= MOST:
            raise InputError(f"{self.count} phrases cannot be asked for at once.", f"Ask for 1 to {MOST}.")
        return self

    def asked(self) -> Asked:
        """Return what a writer is asked, and how its answer is read."""
        slots = sorted(SLOTS[self.section])
        task = {
            "write": _WHAT[self.section], "language": self.language, "voice": self.voice, "how_many": self.count,
            "slots": [f"{{{name}}}" for name in slots], "at_least_one_of": sorted(NEEDS[self.section]),
            "at_most_characters": LONGEST, "examples": there(self.language, self.section), "variant": self.seed,
        }  # fmt: skip
        told = (Message("system", _SYSTEM), Message("user", f"Task: {json.dumps(task, ensure_ascii=False)}"))
        schema = {
            "type": "object", "properties": {"frames": {"type": "array", "items": {"type": "string"}}},
            "required": ["frames"], "additionalProperties": False,
        }  # fmt: skip
        key = hashlib.blake2b(f"{PROMPT}\0{told!r}".encode(), digest_size=16).hexdigest()
        return Asked(key, told, schema, _read)


def there(language: str, section: str) -> list[str]:
    """Return the frames of a section that ship with a language, of every voice."""
    rows: Any = table(language)[section]
    return [text for texts in (rows.values() if isinstance(rows, dict) else [rows]) for text in texts]


def phrase_faults(text: str, section: str, language: str) -> list[str]:
    """Return why a phrase cannot be used; none where it is a frame of its section whose words carry no fact.

    Its words must be plain ones of the language or stand in frames that ship: an unknown word may be a claim.
    """
    if len(text) > LONGEST or LINK.search(text) or any(sign in text for sign in "<>\n"):
        return [f"It is longer than {LONGEST} characters, or has markup, an address or a line break."]
    try:
        parsed = frame(text, f"a phrase for {section}", frozenset(SLOTS[section]))
    except ConfigError as error:
        return [str(error)]
    needs = NEEDS[section]
    faults = [] if not needs or needs & parsed.needs else [f"It has none of {', '.join(sorted(needs))} to be about."]
    spoken, lexicon, record = _spoken(parsed), lexicon_of(language), Record()
    found = ground(spoken, record, lexicon)
    faults += [one.reason for one in found.findings if one.severity == "error"]
    faults += [one.reason for one in rules_of(language).findings(found.claims, record, spoken, frozenset())]
    known = frame_words(language)
    strange = [word.text for word in unbacked(found.claims, record, lexicon) if word.stem not in known]
    faults += [f"`{word}` is no plain word." for word in strange]
    if text in there(language, section):
        faults.append("It is there already.")
    return faults


def _spoken(parsed: Frame) -> str:
    """The words of a frame, each form of a choice among them; slots are commas, so nothing is read across them."""
    return "".join(_words(parsed.nodes))


def _words(nodes: Iterable[object]) -> Iterable[str]:
    for node in nodes:
        if isinstance(node, str):
            yield node
        elif isinstance(node, Choice):
            yield " ".join(node.forms)
        elif isinstance(node, Group):
            yield from _words(node.nodes)
        elif isinstance(node, Slot):
            yield " , "


def _read(answer: str) -> tuple[tuple[str, ...], str]:
    try:
        found = json.loads(answer)
    except (ValueError, RecursionError):
        return (), f"The answer is no JSON: {answer[:80]!r}."
    frames = found.get("frames") if isinstance(found, dict) else None
    if not isinstance(frames, list) or not all(isinstance(one, str) for one in frames):
        return (), f"The answer has no list `frames`: {answer[:80]!r}."
    kept = tuple(dict.fromkeys(one.strip() for one in frames[:MOST] if one.strip()))
    return kept, "" if kept else "The answer is empty."
