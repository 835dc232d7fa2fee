"""A workspace whose prices are told by a model that serves, for tests of what is proposed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.pricing.houses import MONDAY, STORE, House, trade

from shopkeeper.commerce.tables import STORES
from shopkeeper.engines.state import open_state
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.pricing.learn import PriceLearning
from shopkeeper.pricing.price_model import ELASTIC, NAIVE
from shopkeeper.registry.bundle import BundleContent, write_bundle
from shopkeeper.registry.ports import ModelVersion
from shopkeeper.wiring.settings import Settings

WEEKS = 20
AT = MONDAY + timedelta(weeks=WEEKS)
POLICY = "version: 1\nrules: {days_between_changes: 0}\n"


def priced_shop(folder: Path, policy: str = POLICY) -> tuple[House, Settings]:
    """Return a workspace whose records taught two versions; the one with slopes serves."""
    (folder / "shopkeeper.toml").touch()
    (folder / "price-policy.yaml").write_text(policy)
    house = House(folder)
    trade(house, WEEKS)
    for number in range(8):
        house.product(f"p{number}", cost=4.0, categories=["Garden"], source_ts=AT - timedelta(days=1))
    settings = Settings(workspace=folder)
    state = open_state(settings.state_url)
    state.tables.upsert(STORES, [SourcedRow(STORE, MONDAY)])
    system = PriceLearning(house.warehouse(), [STORE])
    history = system.extract(AT)
    for place, name in enumerate((NAIVE, ELASTIC)):
        model = system.fit(name, history, {}, 0)
        content = BundleContent(
            system="pricing", model=name, code_version="test", parameters=model.parameters, seed=0, fingerprint="",
            metrics={}, arrays=model.arrays(),
        )  # fmt: skip
        manifest = write_bundle(settings.folder(settings.engines.models), content, AT + timedelta(minutes=place))
        version = manifest.version
        state.registry.register(
            ModelVersion("pricing", version, name, f"pricing/{version}", manifest.created_at, True, {}, "")
        )
        state.registry.point("pricing", "champion", version, "test", "first")
    state.close()
    return house, settings
