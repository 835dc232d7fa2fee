"""The texts a product has, and how long each may be in each channel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

from shopkeeper.content.widths import pixels
from shopkeeper.errors import InputError

Field = Literal[
    "title",
    "description_short",
    "description_long",
    "bullets",
    "meta_title",
    "meta_description",
    "alt_text",
    "email_subject",
    "ad_headline",
    "ad_text",
    "category_intro",
]
FIELDS: tuple[Field, ...] = get_args(Field)
INTRO: Final = "category_intro"
PRODUCT_FIELDS: tuple[Field, ...] = tuple(field for field in FIELDS if field != INTRO)
"""What is written for each product; `category_intro` is written for each category."""

SEARCHED: Final[frozenset[Field]] = frozenset(
    {"title", "description_short", "description_long", "meta_title", "meta_description"}
)
"""Texts that search engines read, so keywords are asked of them."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How long a text may be.

    Attributes:
        characters: Most characters, markup not counted.
        pixels: Widest on a results page; 0 = not measured.
        font_size: Height of Arial the width is measured in, pixels.
        html: Whether the text is markup (escaped, of `p ul li b strong em br`) or plain.
        items: Most bullets; 0 where there are none.
        item_characters: Most characters of a bullet.
    """

    characters: int
    pixels: float = 0
    font_size: float = 0
    html: bool = False
    items: int = 0
    item_characters: int = 0

    def holds(self, text: str) -> bool:
        """Whether a plain text (without markup) is within characters and pixels."""
        if len(text) > self.characters:
            return False
        return not self.pixels or pixels(text, self.font_size) <= self.pixels


_SHOP: dict[Field, Limit] = {
    "title": Limit(150),
    "description_short": Limit(300),
    "description_long": Limit(5000, html=True),
    "bullets": Limit(1500, html=True, items=6, item_characters=200),
    "meta_title": Limit(60, pixels=580, font_size=20),
    "meta_description": Limit(155, pixels=920, font_size=14),
    "alt_text": Limit(125),
    "email_subject": Limit(60),
    "ad_headline": Limit(30),
    "ad_text": Limit(90),
    "category_intro": Limit(600),
}
_CHANNELS: dict[str, dict[Field, Limit]] = {
    "shop": {},
    "google_merchant": {"description_long": replace(_SHOP["description_long"], characters=5000, html=False)},
    "amazon": {
        "title": Limit(200),
        "bullets": Limit(1250, html=True, items=5, item_characters=250),
        "description_long": Limit(2000, html=True),
    },
    "mobile": {"meta_description": Limit(120, pixels=680, font_size=14), "email_subject": Limit(35)},
}
CHANNELS: tuple[str, ...] = tuple(_CHANNELS)


def limit(field: Field, channel: str = "shop") -> Limit:
    """The limit of a field in a channel.

    Raises:
        InputError: A channel or field nobody knows.
    """
    if channel not in _CHANNELS:
        raise InputError(f"Channel {channel!r} is not known.", f"Use one of: {', '.join(CHANNELS)}.")
    if field not in _SHOP:
        raise InputError(f"Field {field!r} is not known.", f"Use one of: {', '.join(FIELDS)}.")
    return _CHANNELS[channel].get(field, _SHOP[field])
