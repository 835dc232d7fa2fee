"""How long texts may be."""

from __future__ import annotations

import pytest

from shopkeeper.content.fields import FIELDS, limit
from shopkeeper.content.widths import pixels
from shopkeeper.errors import InputError


def test_a_digit_is_556_thousandths_of_the_font_size_wide() -> None:
    assert pixels("00", 20) == pytest.approx(2 * 0.556 * 20)


def test_an_accent_changes_no_width() -> None:
    assert pixels("éñü", 14) == pixels("enu", 14)


def test_an_unknown_letter_counts_as_the_widest() -> None:
    assert pixels("漢", 20) == pixels("@", 20)


def test_a_text_of_few_wide_letters_is_too_wide() -> None:
    assert not limit("meta_title").holds("W" * 31)
    assert limit("meta_title").holds("i" * 60)
    assert not limit("meta_title").holds("i" * 61)


def test_each_field_has_a_limit_in_each_channel() -> None:
    assert all(limit(field, channel).characters > 0 for field in FIELDS for channel in ("shop", "amazon", "mobile"))


def test_an_unknown_channel_names_those_there_are() -> None:
    with pytest.raises(InputError, match="google_merchant"):
        limit("title", "teletext")
