"""Every error says what happened and what to do."""

from __future__ import annotations

import inspect

from shopkeeper import errors
from shopkeeper.errors import FieldProblem, Overloaded, ShopkeeperError, UnknownStore


def test_the_tree_drawn_on_top_is_the_tree() -> None:
    drawn = {line.split("── ")[1].split()[0] for line in (errors.__doc__ or "").splitlines() if "── " in line}
    real = {
        name
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, ShopkeeperError) and kind is not ShopkeeperError
    }
    assert drawn == real


def test_an_unknown_store_names_the_known_ones() -> None:
    error = UnknownStore("fr", ("de", "uk"))
    assert error.problems == (FieldProblem("store", "'fr' is not a known store", "Use one of: de, uk."),)


def test_an_overload_says_when_to_come_back() -> None:
    assert Overloaded("The disk is full.", 2).remedy == "Retry after 2 s."
