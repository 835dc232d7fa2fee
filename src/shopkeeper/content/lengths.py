"""Whether a text fits its place: characters, pixels, bullets; and that it is there at all."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from shopkeeper.content.fields import Limit
from shopkeeper.content.findings import Finding
from shopkeeper.content.widths import pixels

BULLET = re.compile(r"<li>(.*?)</li>", re.DOTALL)
TAG = re.compile(r"<[^>]*>")


def length_findings(text: str, plain: str, bounds: Limit) -> Iterator[Finding]:
    """Yield where a text is empty, too long or too wide.

    Args:
        text: As published.
        plain: Without markup, places unchanged.
        bounds: What its field and channel allow.
    """
    shown = html.unescape(TAG.sub("", text)) if bounds.html else text
    if not any(letter.isalnum() for letter in plain):
        yield Finding(
            "length.empty", 0, len(text), "The text says nothing.", "Write it, or leave the field to the shop."
        )
        return
    if len(shown) > bounds.characters:
        start = min(bounds.characters, len(text))
        reason = f"{len(shown)} characters, {bounds.characters} allowed."
        yield Finding("length.characters", start, len(text), reason, "Say less.")
    if bounds.pixels and (wide := pixels(shown, bounds.font_size)) > bounds.pixels:
        reason = f"{wide:.0f} pixels wide, {bounds.pixels:.0f} are shown."
        yield Finding("length.pixels", 0, len(text), reason, "Say less, or use shorter words.")
    bullets = list(BULLET.finditer(text)) if bounds.items else []
    if len(bullets) > bounds.items:
        reason = f"{len(bullets)} bullets, {bounds.items} allowed."
        yield Finding("length.bullets", bullets[bounds.items].start(), len(text), reason, "Keep the most important.")
    for bullet in bullets:
        length = len(html.unescape(TAG.sub("", bullet[1])))
        if length > bounds.item_characters:
            reason = f"A bullet of {length} characters, {bounds.item_characters} allowed."
            yield Finding("length.bullet", bullet.start(1), bullet.end(1), reason, "Say less in one bullet.")
