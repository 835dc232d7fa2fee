"""/v1/rollouts: a person steers, a key may only make things safer, and every refusal says the way out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from shopkeeper.engines.stop_file import StopFile
from shopkeeper.people.roles import Role
from shopkeeper.testing.registry_suite import example_version
from shopkeeper.wiring.evidence import MeasuredRollouts
from shopkeeper.wiring.objectives import example_objective
from shopkeeper.wiring.rollouts import acts
from shopkeeper.wiring.rollouts.foresight import foresight_of
from shopkeeper.wiring.rollouts.judging import judge_and_act
from shopkeeper.wiring.rollouts.start import Start, start_rollout

if TYPE_CHECKING:
    from tests.web.conftest import Shop


def signed_in(shop: Shop, role: Role) -> dict[str, str]:
    state = shop.serving.state
    person = state.people.add(f"A {role}", f"{role}@shop.example", {"*": (role,)}, "test")
    _, token = state.sessions.begin(person.person_id, "shell", "shell:test", datetime.now(UTC) + timedelta(hours=1))
    return {"authorization": f"Bearer {token}"}


@pytest.fixture
def steered(shop: Shop) -> Shop:
    """Two versions, the newer one blessed as challenger, and an objective of the house's own."""
    registry = shop.serving.state.registry
    for hours, name in enumerate(("old", "new")):
        registry.register(example_version(name, hours=hours))
    registry.point("recommendations", "champion", "old", "test", "first")
    registry.point("recommendations", "challenger", "new", "test", "blessed")
    folder = shop.settings.workspace / "objectives"
    folder.mkdir(exist_ok=True)
    text = example_objective("recommendations").replace("Head of e-commerce", "Ann")
    (folder / "recommendations.yaml").write_text(text)
    return shop


def begin(shop: Shop, key: dict[str, str], **more: Any) -> httpx.Response:  # noqa: ANN401 - fields of the body
    return shop.call("POST", "/v1/rollouts", {"system": "recommendations", "units_per_arm": 900, **more}, key=key)


def test_an_operator_begins_holds_and_takes_back_and_it_is_written_down(steered: Shop) -> None:
    operator = signed_in(steered, "operator")
    begun = begin(steered, operator, why="better lists")
    assert begun.status_code == 201, begun.text
    rollout = begun.json()["rollout"]
    assert (begun.json()["stage"], begun.json()["control_version"]) == ("shadow", "old")
    held = steered.call("POST", f"/v1/rollouts/{rollout}/hold", {"why": "sale"}, key=operator)
    assert held.json()["status"] == "held"
    back = steered.call("POST", "/v1/rollouts/recommendations/rollback", {"why": "complaints"}, key=operator)
    assert back.json()["status"] == "rolled_back"
    again = steered.call("POST", f"/v1/rollouts/{rollout}/hold", {"why": "again"}, key=operator)
    assert (again.status_code, "is over" in again.json()["detail"]) == (409, True)
    trail = steered.serving.state.audit.latest(3)
    assert all("A operator (person" in entry["who"] for entry in trail)


def test_the_gate_is_asked_over_http_and_its_verdict_is_made_again(steered: Shop) -> None:
    operator = signed_in(steered, "operator")
    rollout = begin(steered, operator).json()["rollout"]
    asked = steered.call("POST", f"/v1/rollouts/{rollout}/advance", {"why": "in a hurry"}, key=operator)
    assert (asked.status_code, asked.json()["word"], asked.json()["effect"]) == (200, "invalid", "nothing")
    (told,) = [one for one in steered.serving.state.audit.latest(9) if one["action"] == "rollout.ask"]
    assert (told["who"].startswith("A operator"), told["detail"]) == (True, {"rollout": rollout, "why": "in a hurry"})
    shown = steered.call("GET", f"/v1/rollouts/{rollout}", key=operator).json()
    assert shown["verdicts"][0]["id"] == f"{rollout}/1"
    assert shown["rollout"]["next"]["stage"] == "ab"
    made = steered.call("GET", f"/v1/rollouts/{rollout}/verdicts/1", key=operator).json()
    assert (made["same"], made["verdict"]["word"]) == (True, "invalid")
    listed = steered.call("GET", "/v1/rollouts", key=operator).json()
    assert [one["rollout"] for one in listed["rollouts"]] == [rollout]


def test_a_key_makes_things_safer_and_goes_no_further(steered: Shop) -> None:
    refused = begin(steered, steered.admin)
    assert refused.status_code == 403
    assert "takes a person who signed in" in refused.json()["detail"]
    rollout = begin(steered, signed_in(steered, "operator")).json()["rollout"]
    said = {"why": "errors in the shop"}
    answers = {
        action: steered.call("POST", f"/v1/rollouts/{rollout}/{action}", said, key=steered.admin).status_code
        for action in ("advance", "resume", "override", "hold", "rollback")
    }
    assert answers == {"advance": 403, "resume": 403, "override": 403, "hold": 200, "rollback": 200}


def test_going_against_the_gate_takes_an_admin(steered: Shop) -> None:
    operator, admin = signed_in(steered, "operator"), signed_in(steered, "admin")
    assert begin(steered, operator, unblessed="it looks fine").status_code == 403
    rollout = begin(steered, operator).json()["rollout"]
    said = {"why": "contract", "until": "2099-01-01T00:00:00Z"}
    path = f"/v1/rollouts/{rollout}/override"
    assert steered.call("POST", path, said, key=operator).status_code == 403
    assert steered.call("POST", path, said, key=admin).status_code == 200


def test_a_key_stops_a_system_and_an_operator_lets_it_answer_again(steered: Shop) -> None:
    order = {"why": "odd lists", "system": "recommendations", "store": "uk"}
    given = steered.call("POST", "/v1/stops", order)
    assert given.status_code == 200, given.text
    assert given.json()["not_in_state"] is None
    assert [one["store"] for one in given.json()["stops"]] == ["uk"]
    assert steered.serving.state.stops.orders() == StopFile(steered.settings.workspace).orders()
    assert steered.call("DELETE", "/v1/stops", order).status_code == 403
    operator = signed_in(steered, "operator")
    assert steered.call("DELETE", "/v1/stops", {"why": "mended"}, key=operator).status_code == 422
    assert steered.call("DELETE", "/v1/stops", order, key=operator).json()["stops"] == []
    other = steered.key("de")
    assert steered.call("POST", "/v1/stops", order, key=other).status_code == 403
    assert steered.call("POST", "/v1/stops", {"why": "x", "system": "prices"}).status_code == 422


def test_what_cannot_be_used_is_named(steered: Shop) -> None:
    admin = signed_in(steered, "admin")
    assert begin(steered, admin, system="nowhere").status_code == 422
    assert begin(steered, admin, version="nowhere").status_code == 404
    assert begin(steered, admin, color="blue").status_code == 422
    assert steered.call("POST", "/v1/rollouts/r9/hold", {"why": "x"}, key=admin).status_code == 404
    assert steered.call("POST", "/v1/rollouts/r9/hold", {}, key=admin).status_code == 422
    assert steered.call("GET", "/v1/rollouts/r9/verdicts/1", key=admin).status_code == 404
    begin(steered, admin)
    second = begin(steered, admin)
    assert (second.status_code, "is under way" in second.json()["detail"]) == (422, True)


def test_the_page_says_where_each_version_is_why_and_what_happened_and_nothing_of_it_runs(steered: Shop) -> None:
    now = datetime.now(UTC)
    state, settings = steered.serving.state, steered.settings
    asked = Start(why="<script>alert(1)</script>", units_per_arm=900)
    begun = start_rollout(settings, "recommendations", asked, "anna", foresight_of(settings), now)
    judge_and_act(settings, state, MeasuredRollouts(settings, state), begun, now)
    page = steered.call("GET", "http://127.0.0.1:8000/control-room/rollouts").text
    assert "recommendations: version new is in shadow at 5% against version old." in page
    assert "The next gate leads to ab at 15%" in page
    assert '<span class="chip warn">invalid</span>' in page
    assert f"shopkeeper rollout explain {begun.id}/1" in page
    assert "planned for 900 matured shoppers" in page
    assert "rollout.start" in page
    assert "<script>alert" not in page
    acts.roll_back(settings, begun.id, "cleo", "complaints")
    assert "version new was taken back" in steered.call("GET", "http://127.0.0.1:8000/control-room/rollouts").text
