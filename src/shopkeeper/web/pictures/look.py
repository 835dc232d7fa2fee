"""The colours and small differences of one product picture, and the few strokes pictures are made of.

A picture is 200 units wide and high. Brands keep their colours; titles choose pattern and proportions.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours that go together; `near` and `far` are the two tones of the backdrop."""

    main: str
    dark: str
    light: str
    accent: str
    near: str
    far: str


PALETTES: tuple[Palette, ...] = (
    Palette("#c8664a", "#8e4029", "#e9a58c", "#f2d7a0", "#fbeee6", "#f3dccf"),
    Palette("#7d9b76", "#4f6a4a", "#b4c9ad", "#e8d8a8", "#eff4ec", "#dde8d8"),
    Palette("#34507a", "#1f3355", "#7f9cc6", "#e0b15a", "#e9eff7", "#d5e0ee"),
    Palette("#d9a53a", "#9c7118", "#f0cf84", "#5b7a8c", "#fcf4df", "#f5e6bd"),
    Palette("#7d4a78", "#53294f", "#b98ab4", "#e6c0a2", "#f5ecf4", "#e8d8e6"),
    Palette("#2f8583", "#1b5655", "#86c2bf", "#f0b775", "#e6f4f3", "#cfe8e6"),
    Palette("#d0788a", "#96475a", "#ecb3bf", "#7a8f6a", "#fcedf0", "#f6d9df"),
    Palette("#4a4f57", "#2b2f36", "#8f96a1", "#d98e4a", "#eef0f2", "#dde0e4"),
    Palette("#c9ab82", "#8f7450", "#e4d2b5", "#5f7f86", "#faf5ec", "#efe4d2"),
    Palette("#3f6b4f", "#264431", "#89b195", "#d9824f", "#e9f2ec", "#d3e4d9"),
    Palette("#5c9bc9", "#33688f", "#a7cde6", "#f0c35a", "#e8f3fa", "#d0e5f2"),
    Palette("#a8443f", "#702623", "#d98f8b", "#d8c3a0", "#faeae9", "#f0d2d0"),
)


COLOUR_WORDS: tuple[tuple[int, str], ...] = (
    (0, "terracotta rust ember sunset orange copper camel"),
    (1, "sage olive moss khaki mint"),
    (2, "navy indigo denim"),
    (3, "mustard yellow gold ochre"),
    (4, "plum purple violet lilac lavender"),
    (5, "teal turquoise petrol aqua"),
    (6, "pink rose blush coral"),
    (7, "charcoal black slate carbon granite grey gray silver"),
    (8, "sand stone cream ecru beige white ivory natural oak brown"),
    (9, "pine green forest emerald bottle"),
    (10, "sky blue glacier azure"),
    (11, "burgundy red brick crimson maroon wine"),
)
_BY_COLOUR = {word: index for index, words in COLOUR_WORDS for word in words.split()}


@dataclass(frozen=True, slots=True)
class Look:
    """What one product's picture is drawn with.

    Attributes:
        uid: Prefix of the ids inside the picture.
        seed: Numbers 0 to 255 that choose the small differences.
    """

    uid: str
    colours: Palette
    seed: bytes

    def pick(self, place: int, count: int) -> int:
        """Return a fixed choice out of `count` for one place in the picture."""
        return self.seed[place % len(self.seed)] % count

    def stretch(self, place: int, low: float, high: float) -> float:
        """Return a fixed number between `low` and `high` for one place in the picture."""
        return round(low + (high - low) * self.seed[place % len(self.seed)] / 255, 1)


def look_of(title: str, brand: str, colour: str = "") -> Look:
    """Return the look of a product: always the same, and in its own colour where one is known."""
    seed = blake2b(title.encode(), digest_size=16).digest()
    family = blake2b((brand or title).encode(), digest_size=2).digest()
    uid = "p" + blake2b(f"{brand}|{title}".encode(), digest_size=5).hexdigest()
    # A brand has three palettes next to each other, so its products are kin and not copies.
    index = family[0] + (seed[15] % 3) * 4
    index = next((_BY_COLOUR[word] for word in colour.lower().split() if word in _BY_COLOUR), index)
    return Look(uid, PALETTES[index % len(PALETTES)], seed)


def rect(x: float, y: float, width: float, height: float, fill: str, radius: float = 0, more: str = "") -> str:
    """Return a rectangle."""
    corner = f' rx="{radius}"' if radius else ""
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{fill}"{corner}{_spaced(more)}/>'


def circle(x: float, y: float, radius: float, fill: str, more: str = "") -> str:
    """Return a circle."""
    return f'<circle cx="{x}" cy="{y}" r="{radius}" fill="{fill}"{_spaced(more)}/>'


def oval(x: float, y: float, across: float, down: float, fill: str, more: str = "") -> str:
    """Return an ellipse."""
    return f'<ellipse cx="{x}" cy="{y}" rx="{across}" ry="{down}" fill="{fill}"{_spaced(more)}/>'


def shape(points: str, fill: str, more: str = "") -> str:
    """Return a filled path."""
    return f'<path d="{points}" fill="{fill}"{_spaced(more)}/>'


def stroke(points: str, colour: str, width: float = 3, more: str = "") -> str:
    """Return a drawn line with round ends."""
    return (
        f'<path d="{points}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-linecap="round" '
        f'stroke-linejoin="round"{_spaced(more)}/>'
    )


def _spaced(more: str) -> str:
    return f" {more}" if more else ""


SHEEN = 'fill-opacity=".28"'
SHADE = 'fill-opacity=".14"'


def patterned(look: Look, outline: str, box: tuple[float, float, float, float], place: int = 0) -> str:
    """Return a body in the main colour with the product's own pattern on it.

    Args:
        look: The product's look.
        outline: Path of the body.
        box: x, y, width and height that cover it.
        place: Which of the look's choices decides the pattern.
    """
    c = look.colours
    x, y, width, height = box
    clip = f"{look.uid}c{place}"
    marks = _marks(look.pick(place, 6), x, y, width, height, c)
    return (
        shape(outline, c.main)
        + f'<clipPath id="{clip}"><path d="{outline}"/></clipPath><g clip-path="url(#{clip})">{marks}</g>'
    )


def _marks(kind: int, x: float, y: float, width: float, height: float, c: Palette) -> str:
    if kind == 0:
        return "".join(rect(x, y + step, width, 7, c.light) for step in range(10, int(height), 22))
    if kind == 1:
        return "".join(
            rect(x + step, y, 6, height, c.light, more='fill-opacity=".7"') for step in range(8, int(width), 18)
        )
    if kind == 2:
        rows = range(0, int(height), 18)
        return "".join(
            circle(x + step + (9 if row % 36 else 0), y + row, 3.4, c.accent)
            for row in rows for step in range(0, int(width) + 18, 18)
        )  # fmt: skip
    if kind == 3:
        return rect(x, y + height * 0.45, width, height * 0.16, c.accent) + rect(
            x, y + height * 0.66, width, 4, c.accent
        )
    if kind == 4:
        return shape(f"M{x} {y + height}L{x + width} {y + height * 0.35}V{y + height}Z", c.dark, 'fill-opacity=".55"')
    return rect(x + width * 0.5, y, width * 0.5, height, c.dark, more=SHADE)
