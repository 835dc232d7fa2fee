"""Category paths."""

from __future__ import annotations

from shopkeeper.recommendations.categories import normal, prefixes, under


def test_a_path_lies_in_all_its_prefixes() -> None:
    assert prefixes(["Home > Kitchen > Mugs", "Home>Light"]) == (
        "Home", "Home > Kitchen", "Home > Kitchen > Mugs", "Home > Light",
    )  # fmt: skip


def test_spaces_and_empty_parts_do_not_matter() -> None:
    assert normal(" Home>  > Kitchen ") == "Home > Kitchen"
    assert prefixes(["", " > "]) == ()


def test_under_means_the_path_itself_or_below_by_whole_parts() -> None:
    assert under(["Home > Kitchen"], "Home")
    assert under(["Home > Kitchen"], "Home>Kitchen")
    assert not under(["Home > Kitchenware"], "Home > Kitchen")
    assert not under(["Home"], "Home > Kitchen")
    assert not under(["Home"], "")
    assert not under(["", " > ", "Home"], "")
