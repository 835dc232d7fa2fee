"""What all models have in common that keep popularity beside what they learn from histories."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.models.popular import Popular


class FadingParams(Protocol):
    """Parameters of a model that reads histories; a frozen dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def age_decay(self) -> float:
        """Each newer moment multiplies the strength of a history entry."""
        ...


ParamsT = TypeVar("ParamsT", bound=FadingParams)


class BesidePopular(Generic[ParamsT]):
    """The part of `model.RecommendationModel` that such models share: equal scores are ordered by popularity.

    Args:
        popular: Popularity from the same data; knows the products and the stores.
        params: How the model was fitted and how it reads histories.
    """

    def __init__(self, popular: Popular, params: ParamsT) -> None:
        self.index = popular.index
        self.popular = popular
        self.params = params

    @property
    def stores(self) -> tuple[str, ...]:
        """Store of each store code."""
        return self.popular.stores

    @property
    def parameters(self) -> dict[str, Any]:
        """Parameters for the manifest."""
        return {**asdict(self.params), "popular": self.popular.parameters}

    def tie_break(self, stores: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
        """Return popularity, one row for each store code."""
        return self.popular.tie_break(stores)

    def history_weights(
        self, ages: npt.NDArray[np.int64], strengths: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.float32]:
        """Return `strength * age_decay ** age`."""
        faded: npt.NDArray[np.float32] = (strengths * self.params.age_decay**ages).astype(np.float32)
        return faded
