"""Published texts as files of channels, out of the house's own state."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from shopkeeper.cli.main import build
from shopkeeper.commerce.product import Product
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import PRODUCTS, STORES
from shopkeeper.content.author import Author, Due, Manner, Subject
from shopkeeper.content.fields import Field
from shopkeeper.content.kept import KeptPiece, Wanted
from shopkeeper.content.review import Hand, Policy, accept, edit
from shopkeeper.engines.state import State, open_state
from shopkeeper.errors import InputError, UnknownStore
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.wiring.content_files import Asked, default_name, export_texts
from shopkeeper.wiring.settings import Settings

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
HAND = Hand("anna", NOON)
FIELDS: tuple[Field, ...] = ("title", "description_short")
KETTLE = Product(
    product="kettle", title="Aria Kettle", categories=("Home > Kettles",), price=49.9, url="/products/aria-kettle",
    image_url="/k.jpg", attributes={"capacity": "1.7 L", "power": "2200 W", "colour": "red"},
)  # fmt: skip
UK = Asked("uk", "en-GB", "csv")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(workspace=tmp_path)


@pytest.fixture
def state(settings: Settings) -> Iterator[State]:
    opened = open_state(settings.state_url)
    store = Store(store="uk", locales=("en-GB", "de"), currency="GBP")
    opened.tables.upsert(STORES, [SourcedRow(store, NOON)])
    opened.tables.upsert(PRODUCTS, [SourcedRow(KETTLE, NOON)])
    subject = Subject("", KETTLE, ("en-GB",))
    manner = Manner(fields=FIELDS)
    author = Author(manner, manner.verifier(), None, Policy(), NOON, "anna")
    opened.pieces.put(list(author.write(subject, [Due(key) for key in subject.keys(FIELDS)])))
    yield opened
    opened.close()


def waiting(state: State, field: str) -> KeptPiece:
    (piece,) = state.pieces.find(Wanted(field=field))
    return piece


def approve(state: State, field: str) -> None:
    piece = waiting(state, field)
    assert state.pieces.put([accept(piece, state.pieces.version(piece.id, piece.version), HAND, publish=True)]) == ()


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as opened:
        return list(csv.DictReader(opened))


def test_a_file_has_what_is_published_and_a_list_the_rest(settings: Settings, state: State, tmp_path: Path) -> None:
    approve(state, "title")
    file = tmp_path / "texts.csv"
    done = export_texts(settings, state, UK, file, NOON)
    assert [(row["product"], row["field"]) for row in rows(file)] == [("kettle", "title")]
    assert done.products == 1
    listed = [json.loads(line) for line in done.refused_file.read_text("utf-8").splitlines()]
    assert [(one["product"], one["field"], one["reason"]) for one in listed] == [
        ("kettle", "description_short", "It is checked, not published.")
    ]
    approve(state, "description_short")
    assert export_texts(settings, state, UK, file, NOON).refused == ()
    assert not done.refused_file.exists()


def test_a_product_of_all_stores_has_the_stores_currency(settings: Settings, state: State, tmp_path: Path) -> None:
    for field in FIELDS:
        approve(state, field)
    file = tmp_path / "feed.xml"
    done = export_texts(settings, state, Asked("uk", "en-GB", "google-merchant", "https://shop.example/"), file, NOON)
    assert done.refused == ()
    assert "<g:price>49.90 GBP</g:price>" in file.read_text("utf-8")


def test_a_text_that_is_not_true_of_the_record_any_more_stays_out(
    settings: Settings, state: State, tmp_path: Path
) -> None:
    for field in FIELDS:
        approve(state, field)
    other = replace(KETTLE, attributes={**KETTLE.attributes, "capacity": "2 L"})
    state.tables.upsert(PRODUCTS, [SourcedRow(other, NOON + timedelta(hours=1))])
    done = export_texts(settings, state, UK, tmp_path / "texts.csv", NOON)
    assert rows(tmp_path / "texts.csv") == []
    assert {(one.field, one.reason) for one in done.refused} == {
        (field, "It is stale, not published.") for field in FIELDS
    }


def test_a_models_text_is_told_as_a_models(settings: Settings, state: State, tmp_path: Path) -> None:
    piece = waiting(state, "title")
    version = replace(
        state.pieces.version(piece.id, piece.version), version=2, by_model=True, text="Aria Kettle, 1.7 L"
    )
    assert state.pieces.put([edit(piece, version, HAND, publish=True)]) == ()
    export_texts(settings, state, UK, tmp_path / "texts.csv", NOON)
    assert [(row["text"], row["by_model"]) for row in rows(tmp_path / "texts.csv")] == [(version.text, "true")]


def test_a_store_or_locale_there_is_not_leaves_no_file(settings: Settings, state: State, tmp_path: Path) -> None:
    file = tmp_path / "texts.csv"
    with pytest.raises(UnknownStore):
        export_texts(settings, state, Asked("us", "en-GB", "csv"), file, NOON)
    with pytest.raises(InputError, match="en-GB, de"):
        export_texts(settings, state, Asked("uk", "fr", "csv"), file, NOON)
    with pytest.raises(InputError, match="no folder"):
        export_texts(settings, state, UK, tmp_path / "none" / "texts.csv", NOON)
    assert [path.name for path in tmp_path.iterdir() if "texts" in path.name] == []


def test_the_command_writes_the_file_it_names(state: State, tmp_path: Path) -> None:
    approve(state, "title")
    state.close()
    (tmp_path / "shopkeeper.toml").write_text("")
    file = tmp_path / "shop.csv"
    command = ["content", "export", "--store", "uk", "--locale", "en-GB", "--channel", "shopify", "--out", str(file)]
    done = CliRunner().invoke(build(), [*command, "--workspace", str(tmp_path), "--json"])
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert (document["products"], document["refused"], document["file"]) == (1, 0, str(file))
    assert [row["Handle"] for row in rows(file)] == ["aria-kettle"]


def test_a_file_nobody_named_is_called_by_store_locale_and_channel() -> None:
    assert default_name(Asked("uk", "en-GB", "shopify")) == Path("texts-uk-en-GB-shopify.csv")
