"""The control room's pages: the answer on top, empty pages that teach, and nothing from data that runs."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import UTC, datetime
from typing import Any

from shopkeeper.engines.jobs_rows import JobRows, open_jobs
from shopkeeper.errors import FieldProblem
from shopkeeper.intake.ports import RejectedRow
from shopkeeper.registry.bundle import CARD_FILE
from shopkeeper.registry.ports import ModelVersion
from shopkeeper.serving.telemetry import Second
from shopkeeper.web.live_feed import over

HERE = "http://127.0.0.1:8000/control-room"
XSS = "<script>alert(1)</script>"
PAGES = ["", "/rollouts", "/models", "/data", "/decisions", "/stores"]


def look(shop: Any, path: str = "") -> str:  # noqa: ANN401 - the shared fixture
    answer = shop.call("GET", f"{HERE}{path}")
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def interval(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.01, "high": value + 0.01}


def register(shop: Any, version: str, model: str = "item-knn") -> None:  # noqa: ANN401 - the shared fixture
    metrics = {
        "ndcg@10": interval(0.2), "coverage": {"value": 0.9}, "cases": 1234,
        "baseline": {"ndcg@10": interval(0.1)}, "difference": {"ndcg@10": interval(0.1)},
        "slices": {"new shoppers": {"cases": 7, "model": interval(0.3), "baseline": interval(0.2), "difference": {}}},
    }  # fmt: skip
    row = ModelVersion(
        "recommendations", version, model, f"recommendations/{version}", datetime.now(UTC), True, metrics, "f0"
    )
    shop.serving.state.registry.register(row)


def test_an_empty_page_teaches_the_next_command(open_shop: Any) -> None:  # noqa: ANN401
    empty = open_shop()
    for path, command in (
        ("", "shopkeeper train"), ("/models", "shopkeeper train"), ("/data", "shopkeeper import"),
        ("/rollouts", "shopkeeper rollout start"),
        ("/data", "shopkeeper check"), ("/decisions", "/v1/recommendations"), ("/stores", "shopkeeper import"),
    ):  # fmt: skip
        assert command in look(empty, path)


def test_ordered_work_shows_how_far_it_is_and_what_it_says_is_text(open_shop: Any) -> None:  # noqa: ANN401
    shop = open_shop()
    engine = open_jobs(shop.serving.settings.jobs_url)
    rows = JobRows(engine)
    with engine.begin() as connection:
        rows.add(connection, "training-recommendations-1", "training", "recommendations", {}, "anna")
    rows.begin("training-recommendations-1", "work-1")
    rows.progress("training-recommendations-1", 0.37, XSS)
    engine.dispose()
    for path in ("/models", "/runs"):
        page = look(shop, path)
        assert "training-recommendations-1" in page
        assert 'value="37"' in page
        assert XSS not in page


def test_a_page_asks_one_question_and_marks_where_the_reader_is(shop: Any) -> None:  # noqa: ANN401
    for path in PAGES:
        page = look(shop, path)
        assert page.count("<h1>") == 1
        assert len(re.findall(r'aria-current="page"', page)) == 1


def test_scripts_come_from_this_server_alone_whatever_styles_a_chart_needs(shop: Any) -> None:  # noqa: ANN401
    for path in PAGES:
        answer = shop.call("GET", f"{HERE}{path}")
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "script-src" not in policy
        assert ("style-src 'self' 'unsafe-inline'" in policy) is (path in ("", "/models"))
        for tag in re.findall(r"<script[^>]*>", answer.text):
            assert 'src="/static/' in tag or 'type="application/json"' in tag


def test_simulated_stores_are_named_so_on_every_page(shop: Any) -> None:  # noqa: ANN401
    assert "partly simulated" not in look(shop)
    shop.call("PUT", "/v1/stores", [{"store": "toy", "simulated": True}])
    for path in PAGES:
        assert "partly simulated" in look(shop, path)
    shop.call("DELETE", "/v1/stores", [{"store": "uk"}, {"store": "de"}])
    assert "Every store here is made up" in look(shop)


def test_a_version_shows_its_metric_with_interval_and_number_of_cases(shop: Any) -> None:  # noqa: ANN401
    register(shop, "v1")
    page = look(shop, "/models")
    assert "0.200 (0.190 to 0.210)" in page
    assert "+0.100 (+0.090 to +0.110)" in page
    assert "1,234" in page
    assert "new shoppers" in page


def test_aliases_are_shown_beside_the_version_they_point_to(shop: Any) -> None:  # noqa: ANN401
    register(shop, "v1")
    register(shop, "v2")
    shop.serving.state.registry.point("recommendations", "champion", "v1", "test", "first")
    page = look(shop, "/models")
    assert page.index("<code>v2</code>") < page.index("<code>v1</code>") < page.index("chip champion")


def test_a_version_leads_to_its_card_which_may_load_and_run_nothing(shop: Any) -> None:  # noqa: ANN401
    register(shop, "v1")
    assert "shopkeeper models card v1" in look(shop, "/models")
    folder = shop.serving.settings.folder(shop.serving.settings.engines.models) / "recommendations" / "v1"
    folder.mkdir(parents=True)
    (folder / CARD_FILE).write_text("<title>the card of v1</title>")
    assert 'href="/control-room/models/recommendations/v1/card"' in look(shop, "/models")
    answer = shop.call("GET", f"{HERE}/models/recommendations/v1/card")
    assert (answer.status_code, answer.text) == (200, "<title>the card of v1</title>")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert policy.endswith("sandbox")


def test_a_card_nobody_wrote_and_a_path_that_is_no_version_are_not_found(shop: Any) -> None:  # noqa: ANN401
    register(shop, "v1")
    answer = shop.call("GET", f"{HERE}/models/recommendations/v1/card")
    assert (answer.status_code, "shopkeeper models card v1" in answer.text) == (404, True)
    for strange in ("v9", "..%2F..%2Fstate.db", ".."):
        assert shop.call("GET", f"{HERE}/models/recommendations/{strange}/card").status_code == 404


def test_pinned_and_pruned_versions_are_marked(shop: Any) -> None:  # noqa: ANN401
    for version in ("v1", "v2"):
        register(shop, version)
    shop.serving.state.registry.pin("recommendations", "v1", True, "test", "keep")
    shop.serving.state.registry.prune("recommendations", "v2", "test", "old")
    page = look(shop, "/models")
    assert (page.count(">pinned<"), page.count(">pruned<")) == (1, 1)


def test_a_champion_that_cannot_be_opened_is_a_notice_and_not_a_crash(shop: Any) -> None:  # noqa: ANN401
    register(shop, "v1")
    shop.serving.state.registry.point("recommendations", "champion", "v1", "test", "first")
    shop.run(shop.serving.release.follow())
    page = look(shop)
    assert "The champion does not serve" in page
    assert "answered by the rules" in page


def test_a_refused_row_is_shown_with_file_row_field_and_reason_and_without_its_person(shop: Any) -> None:  # noqa: ANN401
    problem = FieldProblem("price", "must be 0 or more, got -3", "Mend it.")
    raw = {"price": -3, "user": "anna@example.com", "note": XSS}
    shop.serving.quarantine.keep([RejectedRow("events", "uk", "sales.csv", 17, raw, (problem,))])
    page = look(shop, "/data")
    for words in ("sales.csv", "17", "price", "must be 0 or more, got -3", "Mend it.", "1 row in quarantine"):
        assert words in page
    assert "anna@example.com" not in page
    assert XSS not in page
    assert "sales.csv" not in look(shop, "/data?store=de")


def test_a_decision_is_shown_with_its_reasons_and_a_masked_shopper(shop: Any) -> None:  # noqa: ANN401
    shop.call("PUT", "/v1/products", [{"product": "p9", "store": "uk", "title": XSS, "price": 1}])
    shop.recommend(visitor="visitor-0123456789", k=10, consent={"personalise": True, "measure": True})
    page = look(shop, "/decisions")
    assert "vi…89" in page
    assert "visitor-0123456789" not in page
    assert "no trained model yet" in page
    assert "<code>p1</code>" in page
    assert XSS not in page


def test_a_decision_for_someone_who_is_not_measured_shows_no_products(shop: Any) -> None:  # noqa: ANN401
    shop.recommend(visitor="visitor-0123456789", consent={"personalise": False, "measure": False})
    page = look(shop, "/decisions")
    assert "not measured" in page
    assert "only the number of products is kept" in page


def test_reports_are_told_in_words(shop: Any) -> None:  # noqa: ANN401
    reports = shop.serving.state.reports
    table = {"table": "events", "read": 1000, "accepted": 960, "duplicates": 30, "rejected": 10}
    reports.save("import", {
        "path": "/data/sales", "within_contract": True, "rows": 1000, "seconds": 2.0, "quarantined": 10, "reasons": [],
        "quarantine_share": 0.01, "quarantine_limit": 0.05, "tables": [table], "first": None, "last": None,
        "created_store": False, "placeholder_products": 0, "recognised": {"by_type": {}, "guests": 3}, "skipped": [],
    }, "uk")  # fmt: skip
    finding = {"name": "purchases with a price", "store": "uk", "status": "fail", "figure": 0.5, "limit": 0.95,
               "at_least": True, "unit": "share", "remedy": "Send prices.", "detail": "5 of 10"}  # fmt: skip
    reports.save("check", {"status": "fail", "counts": {"fail": 1, "warn": 0, "pass": 4}, "findings": [finding]}, "uk")
    page = look(shop, "/data")
    assert "1 import brought 1,000 rows, 10 of them (1.00%) refused" in page
    assert "the data of uk does not meet its limits" in page
    assert "50.0%" in page
    assert "at least 95.0%" in page
    assert "Send prices." in page


def test_a_window_adds_counts_up_and_keeps_the_slowest_second() -> None:
    rows = [Second(1, 10, 1, 2, 0, 5, 2.0, 9.0), Second(2), Second(3, 20, 0, 4, 0, 5, 4.0, 7.0)]
    found = over(rows)
    assert (found["decisions"], found["fallbacks"], found["cached"], found["events"]) == (10 + 20, 1, 2 + 4, 5 + 5)
    assert found["p99_ms"] == max(9.0, 7.0)
    assert found["seconds"] == 3


def test_the_live_feed_tells_every_second_once_and_ends_when_the_server_drains(shop: Any) -> None:  # noqa: ANN401
    async def read() -> list[dict[str, Any]]:
        serving = shop.serving
        asyncio.get_running_loop().call_later(0.05, lambda: setattr(serving, "draining", True))
        answer = await shop.client.get(f"{HERE}/stream")
        assert answer.headers["content-type"].startswith("text/event-stream")
        return [json.loads(line.removeprefix("data: ")) for line in answer.text.splitlines() if line]

    told = shop.run(asyncio.wait_for(read(), 5))
    seconds = [row["second"] for message in told for row in message["seconds"]]
    assert len(seconds) == len(set(seconds)) >= 300


def test_only_shipped_files_are_served(shop: Any) -> None:  # noqa: ANN401
    kept = shop.call("GET", "/static/ground.css")
    assert kept.status_code == 200
    assert kept.headers["content-type"].startswith("text/css")
    again = shop.run(shop.client.get("/static/ground.css", headers={"if-none-match": kept.headers["etag"]}))
    assert again.status_code == 304
    for name in ("pages.py", "..%2Fpages.py", "%2e%2e%2fpages.py", "none.js"):
        assert shop.call("GET", f"/static/{name}").status_code == 404
