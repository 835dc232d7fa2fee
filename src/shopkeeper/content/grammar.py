"""Articles, demonstratives and pronouns of four languages, and what sounds do to the words beside them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from shopkeeper.content.concepts import Term

_GERMAN = {
    # word: (masculine, feminine, neuter, plural) by case
    "a": {"": ("ein", "eine", "ein", ""), "acc": ("einen", "eine", "ein", ""), "dat": ("einem", "einer", "einem", "")},
    "the": {"": ("der", "die", "das", "die"), "acc": ("den", "die", "das", "die"), "dat": ("dem", "der", "dem", "den")},
    "this": {
        "": ("dieser", "diese", "dieses", "diese"),
        "acc": ("diesen", "diese", "dieses", "diese"),
        "dat": ("diesem", "dieser", "diesem", "diesen"),
    },
}
_FRENCH = {"a": ("un", "une"), "the": ("le", "la"), "this": ("ce", "cette")}
_SPANISH = {
    "a": ("un", "una", "", ""),
    "the": ("el", "la", "los", "las"),
    "this": ("este", "esta", "estos", "estas"),
}
_PRONOUNS = {
    "en": ("it", "it", "it", "they"),
    "de": ("er", "sie", "es", "sie"),
    "fr": ("il", "elle", "il", "ils"),
    "es": ("", "", "", ""),
}
_MUTE_H = ("habi", "huil", "heur", "horl", "homm", "herb")
"""Beginnings of French words whose h is mute; every other h keeps its article whole (le haut, le haut-parleur)."""
_VOWELS = "aeiouàâäéèêëîïôöûüœæ"
_AN = ("hour", "honest", "8", "11", "18", "hdmi", "suv", "nfc", "mri")
_A = ("uni", "use", "usb", "eu", "one", "uv", "uk ", "ufo")
_ADJECTIVES = {
    # ending of an adjective (masculine, feminine, neuter, plural) by the word before it and the case
    "a": {"": ("er", "e", "es", "e"), "acc": ("en", "e", "es", "e"), "dat": ("en", "en", "en", "en")},
    "the": {"": ("e", "e", "e", "en"), "acc": ("en", "e", "e", "en"), "dat": ("en", "en", "en", "en")},
}


def worded(word: str, noun: Term, case: str, language: str) -> str:
    """A noun with `a`, `the` or `this` before it, in the case asked for (German only)."""
    place = 3 if noun.plural else ("m", "f", "n").index(noun.gender or "m")
    if word == "a" and noun.mass:
        return noun.text
    if language == "de":
        article = _GERMAN[word][case][place]
        text = _declined(noun.text, word, case, place) if noun.declined else noun.text
        if case == "dat" and noun.plural and not text.endswith(("n", "s")):
            text += "n"
        return f"{article} {text}".lstrip()
    if language == "fr":
        return _french(word, noun)
    article = _SPANISH[word][2 * noun.plural + (noun.gender == "f")] if language == "es" else _english(word, noun)
    return f"{article} {noun.text}" if article else noun.text


def _declined(text: str, word: str, case: str, place: int) -> str:
    """A German noun with an adjective before it: `maximaler Abstand`, but `der maximale Abstand`."""
    adjective, _, rest = text.partition(" ")
    stem = re.sub(r"(?:er|es|e)$", "", adjective)
    return f"{stem}{_ADJECTIVES['a' if word == 'a' else 'the'][case][place]} {rest}"


def pronoun(noun: Term, language: str) -> str:
    """The pronoun that stands for a noun; empty where the language leaves it out."""
    forms = _PRONOUNS[language]
    if noun.plural:
        return "elles" if language == "fr" and noun.gender == "f" else forms[3]
    return forms[("m", "f", "n").index(noun.gender or "m")]


def begins_with_vowel(text: str) -> bool:
    """Whether French shortens the word before it: `l’écran`, `d’aluminium`, but `le haut`."""
    start = text[:4].casefold()
    return bool(start) and (start[0] in _VOWELS or start in _MUTE_H)


def listed(items: Sequence[str], joint: str, language: str) -> tuple[str, ...]:
    """What stands after each item of an enumeration: commas, then `and`; Spanish `y` becomes `e` before i."""
    if len(items) < 2:
        return ("",) * len(items)
    last = items[-1].casefold()
    if (
        language == "es"
        and (last.startswith("i") or last.startswith(("hi", "y")))
        and not last.startswith(("hie", "io"))
    ):
        joint = " e "
    return (*([", "] * (len(items) - 2)), joint, "")


def _english(word: str, noun: Term) -> str:
    if word == "the":
        return "the"
    if word == "this":
        return "these" if noun.plural else "this"
    return "" if noun.plural else article(noun.text)


def article(text: str) -> str:
    """`a` or `an`, by how the next word sounds."""
    folded = text.casefold()
    first = text.split(" ", maxsplit=1)[0].split("-", maxsplit=1)[0]
    if folded.startswith(_AN):
        return "an"
    if folded.startswith(_A):
        return "a"
    if first.isupper() and len(first) > 1 and not any(letter in "AEIOU" for letter in first[1:]):
        return "an" if first[0] in "AEFHILMNORSX" else "a"
    return "an" if folded[:1] in "aeiou" else "a"


def _french(word: str, noun: Term) -> str:
    if noun.plural:
        article = {"a": "des", "the": "les", "this": "ces"}[word]
        return f"{article} {noun.text}"
    article = _FRENCH[word][noun.gender == "f"]
    if begins_with_vowel(noun.text):
        if word == "the":
            return f"l’{noun.text}"
        if word == "this" and noun.gender == "m":
            article = "cet"
    return f"{article} {noun.text}"
