"""`GET /v1/products/{id}/similar` and `GET /v1/trending`: lists that need no shopper."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from msgspec import Struct
from starlette.responses import Response

from shopkeeper.errors import FieldProblem
from shopkeeper.recommendations.answer import Recommendation
from shopkeeper.recommendations.similar import similar_request
from shopkeeper.serving.catalogue import Catalogue
from shopkeeper.web.answer import json_answer
from shopkeeper.web.auth import authorise, check_store
from shopkeeper.web.problem import HttpProblem
from shopkeeper.web.recommendations import NEEDS, check_length, rendered
from shopkeeper.wiring.serving import Serving

router = APIRouter(prefix="/v1", tags=["recommendations"])
StoreName = Annotated[str, Query(min_length=1, max_length=200, description="Store the list is for")]
Length = Annotated[int, Query(ge=1, le=1000, description="How many products are wanted")]


class TrendingAnswer(Struct, frozen=True):
    """Body of the answer of `GET /v1/trending`.

    Attributes:
        items: Products, most wanted first; a score is the product's share of the leader's fading count. Where little
            happens, the popular and then the rest of the range fill up, each with its own reason and a lower score.
    """

    items: tuple[Recommendation, ...]


@router.get("/products/{product}/similar", response_class=Response, summary="Products that go with one product")
async def similar(
    request: Request,
    product: Annotated[str, Path(min_length=1, max_length=200, description="Id of the product")],
    store: StoreName,
    k: Length = 10,
) -> Response:
    """Return what other shoppers took together with a product, in the shape of `POST /v1/recommendations`."""
    return await _of_product(request, product, store, k, "product")


@router.get("/products/{product}/bought-together", response_class=Response, summary="Products bought with one product")
async def together(
    request: Request,
    product: Annotated[str, Path(min_length=1, max_length=200, description="Id of the product")],
    store: StoreName,
    k: Length = 10,
) -> Response:
    """Return what enough different shoppers bought with a product more often than chance, filled up by its category."""
    return await _of_product(request, product, store, k, "bought_together")


@router.get("/trending", response_class=Response, summary="What is wanted right now")
async def trending(
    request: Request,
    store: StoreName,
    category: Annotated[str | None, Query(max_length=500, description="A category path such as `a > b`")] = None,
    k: Length = 10,
) -> Response:
    """Return the products with the most live interest that may be shown now."""
    serving: Serving = request.app.state.serving
    key = await authorise(request.scope, serving.keys, NEEDS)
    check_store(key, store)
    check_declared(serving.catalogue, store)
    check_length(k, serving.settings.serving.k_limit)
    answer = serving.system.trending(store, category, k, datetime.now(UTC))
    return json_answer(TrendingAnswer(answer.items)).response()


async def _of_product(request: Request, product: str, store: str, k: int, surface: str) -> Response:
    serving: Serving = request.app.state.serving
    key = await authorise(request.scope, serving.keys, NEEDS)
    check_store(key, store)
    check_declared(serving.catalogue, store)
    if serving.catalogue.card(store, product) is None:
        reason = f"Store {store!r} does not sell {product!r}"
        raise HttpProblem(
            404, f"{reason}.", "Put it with `PUT /v1/products`.", (FieldProblem("product", reason, "Check the id."),)
        )
    check_length(k, serving.settings.serving.k_limit)
    wanted = similar_request(store, serving.catalogue.group(store), product, k, datetime.now(UTC), surface)
    return rendered(await serving.decider.decide(wanted)).response()


def check_declared(catalogue: Catalogue, store: str) -> None:
    """Raise a 404 problem for a store nobody declared."""
    if catalogue.store(store) is None:
        known = ", ".join(known.store for known in catalogue.stores) or "none yet"
        reason = f"{store!r} is not a known store"
        problem = FieldProblem("store", reason, f"Use one of: {known}.")
        raise HttpProblem(404, f"Store {reason}.", "Declare it with `PUT /v1/stores`.", (problem,))
