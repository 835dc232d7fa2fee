"""Parameters set by hand are read by the type of their default, and refused with what there is."""

from __future__ import annotations

import pytest

from shopkeeper.errors import InputError
from shopkeeper.training.by_hand import read_by_hand, text_of

DEFAULTS = {"width": 128, "rate": 0.001, "content": True, "stores": "shared"}


def test_each_value_has_the_type_of_its_default() -> None:
    texts = {"width": "64", "rate": "2e-3", "content": "False", "stores": "each"}
    found = read_by_hand("session", texts, DEFAULTS)
    assert found == {"width": 64, "rate": 0.002, "content": False, "stores": "each"}
    assert [type(value) for value in found.values()] == [int, float, bool, str]


def test_a_default_written_out_reads_back_as_itself() -> None:
    assert read_by_hand("session", {name: text_of(value) for name, value in DEFAULTS.items()}, DEFAULTS) == DEFAULTS


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("width", "64.5", "width of session cannot be '64.5': it is a whole number"),
        ("rate", "fast", "rate of session cannot be 'fast': it is a number"),
        ("rate", "nan", "cannot be 'nan'"),
        ("content", "1", "content of session cannot be '1': it is true or false"),
        ("widht", "64", "session has no parameter 'widht'"),
    ],
)
def test_what_the_model_does_not_take_is_refused_and_every_name_is_told(name: str, text: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        read_by_hand("session", {name: text}, DEFAULTS)
    assert caught.value.remedy.endswith("width, rate, content, stores.")
