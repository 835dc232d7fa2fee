"""`/v1/content`: published texts of a product, jobs that write them, and what people do with one."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Query, Request
from msgspec import Meta, Struct
from starlette.responses import Response

from shopkeeper.commerce.consent import Consent
from shopkeeper.content.kept import Version
from shopkeeper.content.subjects import ContentOrder
from shopkeeper.errors import FieldProblem
from shopkeeper.people.roles import ALL
from shopkeeper.web.answer import Answer, json_answer
from shopkeeper.web.auth import authorise, check_store
from shopkeeper.web.problem import HttpProblem
from shopkeeper.web.products import check_declared
from shopkeeper.web.rollouts import read_form
from shopkeeper.web.signed_in import somebody
from shopkeeper.wiring.content_arms import TextsAsked, shown_texts
from shopkeeper.wiring.content_review import Asked, Doing, review_piece
from shopkeeper.wiring.content_serving import TextsOf, published_intro
from shopkeeper.wiring.serving import Serving

router = APIRouter(prefix="/v1", tags=["content"])
Words = Annotated[str, Meta(max_length=2_000)]


class PublishedText(Struct, frozen=True):
    """One text.

    Attributes:
        html: Whether the text is markup.
        text: HTML (of `p ul li b strong em br`, without attributes) where `html`, else plain: escape it in a page.
        version: Its number.
        by_model: A language model wrote it, in whole or before a person changed it; some places must be told.
        written_at: When, UTC.
    """

    text: str
    html: bool
    version: int
    by_model: bool
    written_at: datetime


class ContentAnswer(Struct, frozen=True):
    """Body of the answer of `GET /v1/content/{product}`.

    Attributes:
        product: Id of the product.
        store: Store that shows them.
        locale: Of the texts.
        texts: By field; what is not published is not there.
        left_out: Fields whose published text is not true of the product's record any more.
        variant: Arm of the experiment on texts that the shopper is in; `champion` = in none.
    """

    product: str
    store: str
    locale: str
    texts: dict[str, PublishedText]
    left_out: tuple[str, ...]
    variant: str


class CategoryAnswer(Struct, frozen=True):
    """Body of the answer of `GET /v1/category-content`.

    Attributes:
        category: Path of the category.
        store: Store that shows it.
        locale: Of the text.
        intro: Its introduction; null = none is published, or it is not true of the products any more.
    """

    category: str
    store: str
    locale: str
    intro: PublishedText | None


class ContentJobAnswer(Struct, frozen=True):
    """Body of the answer.

    Attributes:
        run: Id of the job; a worker (`shopkeeper work`) does it, `shopkeeper jobs show RUN` tells how far it is.
    """

    run: str


class ReviewBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /v1/content/{id}/review`.

    Attributes:
        do: What is done with the text.
        revision: Of the text that was looked at; refused where it is another by now.
        reason: Kept with the step and in the audit; a rejection needs one.
        text: With `edit`: the whole text.
        seconds: How long the person looked at it.
    """

    do: Doing
    revision: Annotated[int, Meta(ge=1)]
    reason: Words = ""
    text: Annotated[str, Meta(max_length=20_000)] = ""
    seconds: Annotated[float, Meta(ge=0, le=86_400)] | None = None


class ReviewAnswer(Struct, frozen=True):
    """Body of the answer: the text as it stands now.

    Attributes:
        id: Of the text.
        product: Whose it is.
        locale: Its locale.
        field: Which text of the product.
        state: draft, checked, approved, published, stale or retired.
        version: The one that stands.
        live: The published one; null = none is.
        locked: A person wrote it, and no job writes over it.
        revision: Rises with every step; send it with the next.
    """

    id: str
    product: str
    locale: str
    field: str
    state: str
    version: int
    live: int | None
    locked: bool
    revision: int


@router.get("/content/{product}", response_class=Response, summary="The published texts of a product")
async def content(
    request: Request,
    product: Annotated[str, Path(min_length=1, max_length=200, description="Id of the product")],
    store: Annotated[str, Query(min_length=1, max_length=200, description="Store that shows them")],
    locale: Annotated[str, Query(max_length=50, description="Left out: the store's first")] = "",
    user: Annotated[str | None, Query(max_length=200, description="Signed-in shopper who sees them")] = None,
    visitor: Annotated[str | None, Query(max_length=200, description="Their device")] = None,
    session: Annotated[str | None, Query(max_length=200, description="Their session")] = None,
    measure: Annotated[bool | None, Query(description="Left out: as on record, else the store's default")] = None,
) -> Response:
    """Return what is published and true of the product's record now; with `If-None-Match` 304 where nothing changed.

    Name the shopper, and an experiment on texts shows them their arm's wording and logs that they saw it.
    """
    serving: Serving = request.app.state.serving
    key = await authorise(request.scope, serving.keys, "decide")
    check_store(key, store)
    check_declared(serving.catalogue, store)
    spoken = locale or _first_locale(serving, store)
    consent = None if measure is None else Consent(measure=measure)
    found = await shown_texts(
        serving, TextsAsked(store, product, spoken, user or None, visitor or None, session or None, consent)
    )
    if found is None:
        reason = f"Store {store!r} does not sell {product!r} now"
        raise HttpProblem(
            404, f"{reason}.", "Put it with `PUT /v1/products`.", (FieldProblem("product", reason, "Check the id."),)
        )
    texts: dict[str, PublishedText] = {name: _shown(one) for name, one in found.texts.items()}
    body = msgspec.json.encode(ContentAnswer(product, store, spoken, texts, found.left_out, found.variant))
    tag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    headers = [(b"etag", tag.encode()), (b"cache-control", b"private, no-cache"), (b"vary", b"authorization")]
    if found.decision_id is not None:
        headers.append((b"x-decision-id", found.decision_id.encode()))
    asked = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    if tag in asked or "*" in asked:
        return Response(status_code=304, headers={name.decode(): value.decode() for name, value in headers})
    return Answer(200, body, tuple(headers)).response()


@router.get("/category-content", response_class=Response, summary="The published introduction of a category")
async def category_content(
    request: Request,
    category: Annotated[str, Query(min_length=1, max_length=200, description="Path of the category")],
    store: Annotated[str, Query(min_length=1, max_length=200, description="Store that shows it")],
    locale: Annotated[str, Query(max_length=50, description="Left out: the store's first")] = "",
) -> Response:
    """Return the introduction that is published and true of the category's products, as they were a minute ago."""
    serving: Serving = request.app.state.serving
    key = await authorise(request.scope, serving.keys, "decide")
    check_store(key, store)
    check_declared(serving.catalogue, store)
    spoken = locale or _first_locale(serving, store)
    found = await asyncio.to_thread(
        published_intro, serving.settings, serving.state.pieces, serving.catalogue, TextsOf(store, category, spoken),
        serving.now(), serving.truth,
    )  # fmt: skip
    intro = None if found is None else _shown(found)
    return json_answer(CategoryAnswer(category, store, spoken, intro)).response()


def _first_locale(serving: Serving, store: str) -> str:
    known = serving.catalogue.store(store)
    return known.locales[0] if known and known.locales else "en"


def _shown(version: Version) -> PublishedText:
    return PublishedText(version.text, version.html, version.version, version.by_model, version.at)


@router.post("/content/jobs", response_class=Response, summary="Have texts written", status_code=202)
async def order(request: Request) -> Response:
    """Accept a job that writes what is due; durable before the answer, done by a worker."""
    from shopkeeper.wiring.content_orders import order_texts  # noqa: PLC0415 - loads what works on jobs

    actor = await somebody(request)
    asked = await read_form(request, ContentOrder)
    actor.must("content", asked.store or ALL)
    serving: Serving = request.app.state.serving
    if asked.store is not None:
        check_declared(serving.catalogue, asked.store)
    run = await asyncio.to_thread(order_texts, serving.settings, asked, actor.who)
    detail = {"run": run, "store": asked.store, "budget": asked.budget}
    await asyncio.to_thread(serving.state.audit.write, actor.who, "content.order", detail)
    return json_answer(ContentJobAnswer(run), 202).response()


@router.post("/content/{id}/review", response_class=Response, summary="Decide about one text")
async def review(
    request: Request,
    id: Annotated[str, Path(min_length=1, max_length=40, description="Id of the text")],  # noqa: A002 - its name in the path
) -> Response:
    """Accept, edit, reject, publish or unlock a text, or undo its last step; refused where somebody else was faster."""
    actor = await somebody(request)
    if not actor.anywhere("content"):
        actor.must("content")
    body = await read_form(request, ReviewBody)
    serving: Serving = request.app.state.serving
    asked = Asked(body.do, body.reason, body.text, body.revision, body.seconds)
    now = datetime.now(UTC)
    kept = await asyncio.to_thread(review_piece, serving.settings, serving.state, id, asked, actor, now)
    live = kept.live or None
    stands = ReviewAnswer(
        kept.id, kept.product, kept.locale, kept.field, kept.state, kept.version, live, kept.locked, kept.revision
    )
    return json_answer(stands).response()
