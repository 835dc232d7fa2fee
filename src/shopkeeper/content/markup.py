"""The few HTML tags a text may have, and the same text without them, letter for letter in its place."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import nh3

from shopkeeper.content.findings import Finding

ALLOWED = frozenset({"p", "ul", "li", "b", "strong", "em", "br"})
TAG = re.compile(r"<(?P<close>/?)(?P<name>[a-zA-Z][\w:-]*)(?P<rest>[^<>]*)>|<!--.*?-->|<[!?][^>]*>|<", re.DOTALL)
ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|[a-zA-Z]\w{1,31});")
_CLEANER = nh3.Cleaner(tags=set(ALLOWED), attributes={})
_LINE_END = re.compile(r"</(?:p|li|ul)>|<br>")
_ANY_TAG = re.compile(r"<[^>]+>")
ENDS_BLOCK = frozenset({"p", "li", "ul", "br"})


def safe(text: str) -> str:
    """Return markup with nothing but the allowed tags, none of them with attributes, all of them closed."""
    return _CLEANER.clean(text)


def without_markup(text: str) -> str:
    """Return a text of the same length in which tags are blank and entities are what they stand for.

    Places in it are places in the markup. The end of a block ends a sentence.
    """
    blank = TAG.sub(_blank, text)
    return ENTITY.sub(lambda entity: html.unescape(entity.group())[:1].ljust(len(entity.group())), blank)


def plain_text(text: str) -> str:
    """Return markup as a reader sees it: bullets and paragraphs are lines, entities are what they stand for."""
    lines = _LINE_END.sub("\n", text)
    return html.unescape(_ANY_TAG.sub("", lines)).strip()


def _blank(tag: re.Match[str]) -> str:
    ends = (tag["name"] or "").lower() in ENDS_BLOCK and (tag["close"] or tag["name"].lower() == "br")
    return ("." if ends else " ").ljust(len(tag.group()))


def markup_findings(text: str) -> Iterator[Finding]:
    """Yield what is wrong with the markup of a text: tags and attributes that are not allowed, or never closed."""
    open_tags: list[tuple[str, re.Match[str]]] = []
    for tag in TAG.finditer(text):
        name, rest = (tag["name"] or "").lower(), (tag["rest"] or "").strip(" /")
        if name not in ALLOWED or rest:
            yield _finding("markup.tag", tag, f"`{tag.group()[:40]}` is not among the allowed tags, bare as they are.")
        elif tag["close"]:
            if not open_tags or open_tags.pop()[0] != name:
                yield _finding("markup.nesting", tag, f"`{tag.group()}` closes no open tag.")
        elif name != "br":
            open_tags.append((name, tag))
    for name, tag in open_tags:
        yield _finding("markup.nesting", tag, f"`<{name}>` is never closed.")
    for loose in re.finditer(r"&(?!#?\w{1,32};)", text):
        yield Finding("markup.escape", loose.start(), loose.end(), "A bare `&` in markup.", "Write `&amp;`.")
    if html.unescape(safe(text)) != html.unescape(re.sub(r"<br\s*/?>", "<br>", text)) and not open_tags:
        yield Finding(
            "markup.unsafe", 0, len(text), "The sanitiser would change this markup.", "Publish its safe form."
        )


def _finding(rule: str, tag: re.Match[str], reason: str) -> Finding:
    return Finding(rule, tag.start(), tag.end(), reason, f"Use only {', '.join(sorted(ALLOWED))}, without attributes.")


def plain_findings(text: str) -> Iterator[Finding]:
    """Yield tags in a text that is to be plain."""
    for tag in TAG.finditer(text):
        if tag["name"]:
            yield Finding(
                "markup.plain", tag.start(), tag.end(), f"`{tag.group()[:40]}` in a plain text.", "Take it out."
            )
