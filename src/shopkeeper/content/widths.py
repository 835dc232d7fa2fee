"""How wide a text is on a results page, in pixels, without a font at hand.

Source: advance widths of Helvetica (Adobe AFM), which Arial shares; thousandths of the font size. Letters with accents
are as wide as their base; what is not in the table counts as the widest, so no text is taken for narrower than it is.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_GROUPS: dict[int, str] = {
    191: "'",
    222: "ijl‘’",
    260: "|",
    278: " !,-./:;I[\\]ft·\u00a0\u202f",
    333: "()-`r“”²³",
    334: "{}",
    350: "•",
    355: '"',
    370: "ªº",
    389: "*",
    400: "°",
    469: "^",
    500: "Jcksvxyz",
    556: '#$0123456789?L_abdeghnopqu–€«»µ',
    584: "+<=>~×−±",
    611: "FTZß",
    667: "ABEKPSVXY&",
    722: "CDHNRUw",
    737: "®©",
    778: "GOQ",
    833: "Mm",
    834: "¼½¾",
    889: "%æ",
    944: "Wœ",
    1000: "—…™ÆŒ",
    1015: "@",
}  # fmt: skip
_WIDTHS = {letter: width for width, letters in _GROUPS.items() for letter in letters}
_WIDTHS |= {".": 278, ",": 278, "/": 278, "-": 333, "¿": 611, "¡": 333}
_WIDEST = 1015


def pixels(text: str, font_size: float) -> float:
    """The width of a line of Arial.

    Args:
        text: One line.
        font_size: Height of the font in pixels (a results page: 20 for titles, 14 for descriptions).
    """
    return sum(map(_width, text)) * font_size / 1000


@lru_cache(maxsize=4096)
def _width(letter: str) -> int:
    known = _WIDTHS.get(letter)
    if known is not None:
        return known
    base = unicodedata.normalize("NFD", letter)[0]
    return _WIDTHS.get(base, _WIDEST)
