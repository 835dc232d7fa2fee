"""`shopkeeper experiment` on a test of prices: drawn, started, analysed and stopped by the same verbs as any other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.cli.terminal import Verb
from tests.wiring.price_test_shops import DAYS, approved, opened_shop

from shopkeeper.errors import ContractNotMet
from shopkeeper.wiring.experiments import example_plan
from shopkeeper.wiring.settings import load_settings

VERB = Verb("experiment")
said, document = VERB.said, VERB.document


def test_a_price_test_goes_from_its_plan_to_its_report_by_the_verbs_of_experiments(tmp_path: Path) -> None:
    (tmp_path / "shopkeeper.toml").touch()
    (tmp_path / "price-policy.yaml").write_text("version: 1\n")
    settings, start = load_settings(tmp_path), datetime.now(UTC).date() + timedelta(days=1)
    state = opened_shop(settings, start)
    run = approved(settings, state, tmp_path)
    state.close()
    text = example_plan("prices").replace("ID-OF-THE-RUN", run.id)
    text = text.replace("period_days: 28", "period_days: 2").replace("washout_days: 14", "washout_days: 1")
    text = text.replace(
        "start: 2026-12-07, end: 2027-01-31", f"start: {start}, end: {start + timedelta(days=DAYS - 1)}"
    )
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "prices.yaml").write_text(text)
    small = text.replace("minimum_uplift: 0.03", "minimum_uplift: 0.0001").replace("name: prices", "name: small", 1)
    (tmp_path / "experiments" / "small.yaml").write_text(small)

    assert "12 prices in 6 clusters of uk" in said(tmp_path, "plan", "prices")
    with pytest.raises(ContractNotMet, match=r"small needs about .* weeks"):
        said(tmp_path, "plan", "small")
    assert "`shopkeeper work` switches prices from" in said(tmp_path, "start", "prices")
    found = document(tmp_path, "analyze", "prices")["analysis"]
    assert (found["verdict"]["outcome"], found["matured"]) == ("running", {"control": 0, "treatment": 0})
    assert "prices is over since" in said(tmp_path, "stop", "prices", "--why", "enough")
    assert "prices" in said(tmp_path, "report", "prices", "--html", str(tmp_path / "prices.html"))
    assert "The computed prices" in (tmp_path / "prices.html").read_text()
