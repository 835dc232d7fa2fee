"""What is particular to learning prices' effect on demand; the rest of a training run is `training.run`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from shopkeeper.commerce.store import Store
from shopkeeper.errors import UnknownModel
from shopkeeper.pricing.exam import ACCURACY, PriceExam
from shopkeeper.pricing.house.history import History, history_of, read_history, write_history
from shopkeeper.pricing.house.records import read_records
from shopkeeper.pricing.house.weeks import retail_list, weeks_of
from shopkeeper.pricing.price_model import DEFAULTS, ELASTIC, NAIVE, PriceModel, fit_model, model_of
from shopkeeper.quality.ports import NamedQuery, Warehouse
from shopkeeper.registry.bundle import Bundle
from shopkeeper.training.ports import DataSummary, Nouns, Parameters, SearchRange
from shopkeeper.training.split import moment_of

CURVE: Final = np.linspace(0.8, 1.2, 21)
"""Prices an answer is asked for, times the usual one."""
SPACE: Final[Mapping[str, SearchRange]] = {"history_weeks": SearchRange(26, 260, integer=True)}


class PriceLearning:
    """Implements `training.ports.LearningSystem`.

    Args:
        warehouse: Where the data lies.
        stores: The stores there are.
        retail: Price lists of ordinary shoppers, the first that a store has prices of is its retail list.
    """

    name = "pricing"
    models = (ELASTIC, NAIVE)
    baseline = NAIVE
    metric = ACCURACY
    nouns = Nouns(
        rows="product-weeks", subjects="products in a store", asked="were on offer before and after",
        remedy="Weeks of a product with a known price count: import purchases, and `prices` with their history.",
    )  # fmt: skip

    def __init__(self, warehouse: Warehouse, stores: Sequence[Store] = (), retail: Sequence[str] = ("",)) -> None:
        self._warehouse = warehouse
        self._stores = tuple(stores)
        self._retail = tuple(retail)

    def extract(self, until: datetime | None, known: datetime | None = None) -> History:
        """Read the whole weeks of all stores before `until`, as they were known at a moment."""
        moment = until or known or datetime.now(UTC)
        parts = []
        for store in self._stores:
            records = read_records(self._warehouse, store, self._retail, moment, known)
            weeks = weeks_of(records, retail_list(records, self._retail))
            if weeks is not None:
                parts.append((store.store, weeks))
        return history_of(parts)

    def write(self, data: History, folder: Path) -> None:
        """Keep a history as plain files."""
        write_history(data, folder)

    def read(self, folder: Path) -> History:
        """Return the history that `write` kept."""
        return read_history(folder)

    def summary(self, data: History) -> DataSummary:
        """Return what was read, in figures; its subjects are pairs of product and store."""
        return DataSummary(
            interactions=len(data),
            shoppers=len(data.product),
            products=len(np.unique(data.product)),
            stores=len(data.stores),
            first=moment_of(int(data.times.min())) if len(data) else None,
            last=moment_of(int(data.times.max())) if len(data) else None,
            fingerprint=data.fingerprint(),
        )

    def parts(self, data: History) -> Mapping[str, str]:
        """Return the weeks of each store with a hash of each."""
        return data.parts()

    def times(self, data: History) -> npt.NDArray[np.int64]:
        """Return when the week of each row ends."""
        return data.times

    def take(self, data: History, keep: npt.NDArray[np.bool_]) -> History:
        """Return the rows where `keep` is true."""
        return data.take(keep)

    def defaults(self, model: str) -> Parameters:
        """Return the parameters nobody has tuned."""
        return dict(DEFAULTS) if model in self.models else _unknown(model)

    def search_space(self, model: str) -> Mapping[str, SearchRange]:
        """Return where tuning looks."""
        return SPACE if model in self.models else _unknown(model)

    def fit(self, model: str, data: History, parameters: Parameters, seed: int) -> PriceModel:  # noqa: ARG002
        """Fit one model; nothing of it is drawn by chance."""
        return fit_model(model, data, parameters)

    def exam(self, data: History, cutoff: int, seed: int) -> PriceExam:  # noqa: ARG002 - every case is asked
        """Return one question about each product in a store that was on offer before and after `cutoff`."""
        return PriceExam.of(data, cutoff)

    def offline(self) -> Callable[[], PriceLearning]:
        """Return what makes the system without a warehouse."""
        return offline_learning

    def parameters(self, model: PriceModel) -> Parameters:
        """Return what a model was fitted with."""
        return model.parameters

    def arrays(self, model: PriceModel, data: History) -> Mapping[str, npt.NDArray[np.generic]]:  # noqa: ARG002
        """Return everything a run of prices needs."""
        return model.arrays()

    def answerer(self, bundle: Bundle, data: History, seed: int) -> Callable[[int], object]:  # noqa: ARG002
        """Return what answers what the n-th pair sells next week at each of 21 prices around its usual one."""
        model = self.open(bundle)
        places = np.ones(len(CURVE), np.int64)

        def answer(number: int) -> object:
            pair = number % len(model.product)
            week, price = places * (model.week + 1), CURVE * model.reference[pair]
            return model.expected(places * pair, week, price, np.zeros(len(CURVE))).tolist()

        return answer

    def open(self, bundle: Bundle) -> PriceModel:
        """Return the model of a bundle."""
        manifest = bundle.manifest
        if manifest.model not in self.models:
            _unknown(manifest.model)
        return model_of(manifest.model, manifest.parameters, bundle.arrays)


class NoWarehouse:
    """Stands for the warehouse where nothing is extracted."""

    def fetch(self, query: NamedQuery, **parameters: object) -> dict[str, npt.NDArray[np.generic]]:  # noqa: ARG002
        """Refuse."""
        raise AssertionError(f"{query.name} is asked for where there is no warehouse")


def offline_learning() -> PriceLearning:
    """Return the system for processes that read, fit and judge, and extract nothing."""
    return PriceLearning(NoWarehouse())


def _unknown(model: str) -> Mapping[str, SearchRange]:
    raise UnknownModel(f"pricing has no model {model!r}.", f"The models are: {', '.join(PriceLearning.models)}.")
