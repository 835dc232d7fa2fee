"""No place that may hold personal data goes unlisted, in code or in the guide."""

from __future__ import annotations

from pathlib import Path

from shopkeeper.commerce.tables import LOGGED_TABLES
from shopkeeper.engines.lake_erasure import _COLUMNS
from shopkeeper.engines.state_schema import METADATA
from shopkeeper.quality.personal_data import FOLDERS, LAKE, MEMORY, SERVERS, STATE, Place
from shopkeeper.wiring.settings import EngineSettings

GUIDE = Path(__file__).parents[2] / "docs/guides/privacy.md"
PERSONAL = {"user", "visitor", "session", "subject", "unit", "ip_hash", "user_agent"}


def test_every_table_of_the_lake_is_listed() -> None:
    assert LAKE.keys() == LOGGED_TABLES.keys()


def test_every_table_of_the_state_database_is_listed() -> None:
    assert STATE.keys() == METADATA.tables.keys()


def test_every_folder_of_the_settings_is_listed() -> None:
    folders = {name for name, field in EngineSettings.model_fields.items() if field.annotation is Path}
    assert FOLDERS.keys() == folders


def test_every_server_of_the_settings_is_listed() -> None:
    assert SERVERS.keys() == {name for name in EngineSettings.model_fields if name.endswith("_url")}


def test_a_table_with_a_column_of_a_person_is_listed_as_holding_one_and_is_erased_from() -> None:
    holding = {name for name, table in LOGGED_TABLES.items() if PERSONAL & table.column_names}
    assert holding == {name for name, place in LAKE.items() if place.holds} == set(_COLUMNS)


def test_every_place_that_holds_a_person_says_how_long_and_how_they_go() -> None:
    places: list[Place] = [*LAKE.values(), *STATE.values(), *FOLDERS.values(), *SERVERS.values()]
    assert all(place.kept and place.erased for place in places if place.holds)


def test_the_guide_shows_every_place_that_holds_a_person() -> None:
    guide = GUIDE.read_text("utf-8")
    for title, places in (
        ("lake", LAKE),
        ("state", STATE),
        ("folder", FOLDERS),
        ("server", SERVERS),
        ("memory", MEMORY),
    ):
        for name, place in places.items():
            if place.holds:
                assert f"| {title} | {name} | {place.holds} | {place.kept} | {place.erased or '-'} |" in guide
