"""`/docs`: the reference of the HTTP API, made from the same document that machines read at /openapi.json."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from shopkeeper.web.api_view import fields, groups
from shopkeeper.web.pages import page

router = APIRouter(include_in_schema=False)


@router.get("/docs")
def api_reference(request: Request) -> Response:
    """Which route does what, what does it take, and what may it answer?"""
    document = request.app.openapi()
    address = str(request.base_url).rstrip("/")
    problem = document["components"]["schemas"]["Problem"]
    values = {
        "groups": groups(document, address),
        "about": document["info"]["description"],
        "problem": problem,
        "problem_fields": tuple(fields(document, problem)),
    }
    return page("api.html", values)
