"""`shopkeeper content`: from a catalogue to published texts at the terminal."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.cli.terminal import Verb

from shopkeeper.commerce.product import Product
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import PRODUCTS, STORES
from shopkeeper.engines.state import open_state
from shopkeeper.errors import InputError
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.wiring.settings import load_settings

VERB = Verb("content")
said, document = VERB.said, VERB.document

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with texts of one kettle that wait."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "shopkeeper.toml").write_text("[engines]\nshard_workers = 1\n")
    state = open_state(load_settings(folder).state_url)
    state.tables.upsert(STORES, [SourcedRow(Store(store="uk", locales=("en", "hu")), NOON)])
    kettle = Product(product="kettle", title="Kettle", attributes={"capacity": "1.7 L", "colour": "red"})
    state.tables.upsert(PRODUCTS, [SourcedRow(kettle, NOON)])
    state.close()
    assert "3 texts of 1 products are due" in said(folder, "generate", *FIELDS, "--dry-run")
    done = document(folder, "generate", *FIELDS)
    assert (done["texts_written"], done["locales_without_words"]) == (3, ["hu"])
    return folder


FIELDS = ("--field", "title", "--field", "description_short", "--field", "bullets")


def test_texts_are_listed_shown_judged_and_reported(workspace: Path, tmp_path: Path) -> None:
    listed = document(workspace, "list")["texts"]
    assert {one["field"] for one in listed} == {"title", "description_short", "bullets"}
    piece = next(one["id"] for one in listed if one["field"] == "description_short")
    page = said(workspace, "show", piece)
    assert ("says capacity (attributes.capacity)" in page, "version 1" in page) == (True, True)
    (tmp_path / "mine.txt").write_text("A red kettle of 1.7 L.")
    edited = document(workspace, "review", piece, "edit", "--text", str(tmp_path / "mine.txt"), "--seconds", "20")
    assert (edited["state"], edited["locked"], edited["text"]) == ("published", True, "A red kettle of 1.7 L.")
    assert document(workspace, "approve", "--why", "fine") == {"approved": 2, "waiting": 0}
    assert document(workspace, "publish") == {"published": 0}
    assert document(workspace, "verify")["taken_down"] == []
    found = document(workspace, "report", "--days", "3650")
    judged = found["acceptance"]  # one was edited; nobody looked at the other two
    assert (found["written"], judged["count"], judged["of"]) == (3, 0, 1)
    assert found["seconds_per_accepted"] == 20
    assert "first draft passed" in said(workspace, "report")


def test_what_there_is_not_is_an_input_error(workspace: Path) -> None:
    for words, match in (
        (("generate", "--field", "poem"), "poem"),
        (("generate", "--store", "nowhere"), "nowhere"),
        (("generate", "--locale", "hu"), "no words for hu"),
        (("review", "nothing", "accept"), "no text 'nothing'"),
        (("review", "nothing", "burn"), "burn"),
        (("list", "--state", "lost"), "lost"),
        (("pause", "nothing"), "nothing"),
    ):
        with pytest.raises(InputError, match=match):
            said(workspace, *words)
