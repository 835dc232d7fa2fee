"""Money, numbers and times as people of a store's locale write them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

NARROW_SPACE = "\u202f"
NO_BREAK = "\u00a0"
MINUS = "\u2212"


@dataclass(frozen=True, slots=True)
class NumberStyle:
    """How a language writes numbers and money.

    Attributes:
        symbol_first: The currency stands before the amount.
    """

    thousands: str
    decimal: str
    symbol_first: bool


_ENGLISH = NumberStyle(",", ".", True)
_STYLES = {
    "en": _ENGLISH,
    "ja": _ENGLISH,
    "zh": _ENGLISH,
    "ko": _ENGLISH,
    "de": NumberStyle(".", ",", False),
    "nl": NumberStyle(".", ",", True),
    "es": NumberStyle(".", ",", False),
    "it": NumberStyle(".", ",", False),
    "pt": NumberStyle(".", ",", False),
    "da": NumberStyle(".", ",", False),
    "tr": NumberStyle(".", ",", True),
    "fr": NumberStyle(NARROW_SPACE, ",", False),
    "sv": NumberStyle(NO_BREAK, ",", False),
    "nb": NumberStyle(NO_BREAK, ",", False),
    "fi": NumberStyle(NO_BREAK, ",", False),
    "pl": NumberStyle(NO_BREAK, ",", False),
    "cs": NumberStyle(NO_BREAK, ",", False),
}
_REGIONS = {"de-CH": NumberStyle("\u2019", ".", True), "de-AT": NumberStyle(NO_BREAK, ",", True)}
_SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$", "JPY": "¥", "PLN": "zł", "SEK": "kr", "NOK": "kr", "DKK": "kr",
            "CZK": "Kč", "INR": "₹", "KRW": "₩", "BRL": "R$", "TRY": "₺"}  # fmt: skip
_WITHOUT_CENTS = frozenset({"JPY", "KRW", "HUF", "CLP", "ISK", "VND"})


def style_of(locale: str) -> NumberStyle:
    """Return how a locale such as `de-AT` writes numbers; unknown languages are written the English way."""
    tag = locale.replace("_", "-")
    return _REGIONS.get(tag) or _STYLES.get(tag.partition("-")[0].lower(), _ENGLISH)


def number(value: float, locale: str = "en", digits: int = 0) -> str:
    """Return a number with the locale's separators and a fixed number of decimals.

    Example:
        >>> number(1234.5, "de", 1)
        '1.234,5'
    """
    style = style_of(locale)
    text = f"{abs(value):,.{digits}f}".translate({ord(","): style.thousands, ord("."): style.decimal})
    return f"{MINUS}{text}" if value < 0 and text.strip("0.,") else text


def money(amount: float, currency: str, locale: str = "en") -> str:
    """Return an amount in the currency's usual digits, with its sign where the locale puts it.

    Example:
        >>> money(1234.5, "GBP", "en-GB")
        '£1,234.50'
    """
    style = style_of(locale)
    text = number(abs(amount), locale, 0 if currency in _WITHOUT_CENTS else 2)
    symbol = _SYMBOLS.get(currency, currency)
    sign = MINUS if amount < 0 else ""
    if not style.symbol_first:
        return f"{sign}{text}{NO_BREAK}{symbol}"
    gap = NO_BREAK if symbol.isalpha() or style is not _ENGLISH else ""
    return f"{sign}{symbol}{gap}{text}"


def ago(then: datetime, now: datetime) -> str:
    """Return how long ago something was, in the largest unit that fits.

    Example:
        >>> ago(datetime(2026, 1, 1, 10, 0), datetime(2026, 1, 1, 12, 5))
        '2 hours ago'
    """
    seconds = max(0.0, (now - then).total_seconds())
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            count = int(seconds // length)
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now" if seconds < 5 else f"{int(seconds)} s ago"


def utc(moment: datetime) -> str:
    """Return a time to the second with its zone, as in `23 Nov 2026, 15:05:00 UTC`."""
    return f"{moment.day} {moment:%b %Y, %H:%M:%S} UTC"


def moment(written: str | None) -> str:
    """Return a time written as ISO 8601 the way people read it; what is no time is returned as it is."""
    if written is None:
        return "unknown"
    try:
        then = datetime.fromisoformat(written)
    except ValueError:
        return written
    return f"{then.day} {then:%b %Y, %H:%M}{' UTC' if then.tzinfo is not None else ''}"
