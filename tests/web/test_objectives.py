"""`GET /v1/objectives` shows what each system is for, to keys that manage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shopkeeper.wiring.objectives import FOLDER, example_objective

if TYPE_CHECKING:
    from tests.web.conftest import Shop


def test_objectives_are_shown_as_the_files_are_now(shop: Shop) -> None:
    empty = shop.call("GET", "/v1/objectives").json()["objectives"]
    assert [(one["system"], one["status"]) for one in empty] == [
        (system, "missing") for system in ("recommendations", "pricing", "content")
    ]
    folder = shop.settings.workspace / FOLDER
    folder.mkdir()
    (folder / "pricing.yaml").write_text(example_objective("pricing"))
    (folder / "content.yaml").write_text("version: 2")
    found = {one["system"]: one for one in shop.call("GET", "/v1/objectives").json()["objectives"]}
    assert found["pricing"]["objective"]["primary"]["metric"] == "revenue"
    assert len(found["pricing"]["digest"]) == 64
    assert found["content"]["objective"] is None
    assert found["content"]["problems"][0] == {"field": "system", "reason": "is missing.", "remedy": "Write it: Such as"
        " recommendations; the file is called after it."}  # fmt: skip


def test_a_key_that_does_not_manage_sees_none(shop: Shop) -> None:
    assert shop.call("GET", "/v1/objectives", key=shop.key("uk", "events", "decide")).status_code == 403
