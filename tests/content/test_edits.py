"""How much of a text a person changed."""

from __future__ import annotations

from shopkeeper.content.edits import Part, parts_of, share_changed


def test_the_share_changed_is_that_of_words_markup_aside() -> None:
    assert share_changed("a red lamp", "a red lamp") == 0
    assert share_changed("a red lamp", "a blue lamp") == 1 - 2 * 2 / (3 + 3)
    assert share_changed("<p>a red lamp</p>", "a red lamp") < share_changed("a red lamp", "no")
    assert share_changed("a b", "c d") == 1


def test_a_difference_is_one_row_of_words() -> None:
    assert parts_of("a red lamp", "a blue lamp") == [
        Part("same", "a"), Part("gone", "red"), Part("new", "blue"), Part("same", "lamp"),
    ]  # fmt: skip
