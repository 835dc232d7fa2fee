"""The description at /openapi.json is valid and true: generated requests get what it says, and never a crash."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from shopkeeper.serving.ports import PUBLIC, SCOPES
from shopkeeper.testing.experiment_store_suite import example_record
from shopkeeper.web import openapi_examples
from shopkeeper.web.app import create_app
from shopkeeper.wiring.settings import Settings

if TYPE_CHECKING:
    from tests.web.conftest import Shop

DOCUMENT: dict[str, Any] = create_app(Settings()).openapi()
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
AnyOperation: TypeAlias = APIOperation[Any, Any, Any, Any]
AnyCase: TypeAlias = Case[Any]
OPERATIONS: dict[str, AnyOperation] = {
    found.ok().label: found.ok() for found in SCHEMA.get_all_operations() if isinstance(found, Ok)
}
CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
FOR_A_PERSON = {
    "POST /v1/experiments",
    "GET /v1/users/{user}/history",
    "PUT /v1/rules",
    "DELETE /v1/rules",
    "POST /v1/price-runs",
    "POST /v1/content/jobs",
    "POST /v1/content/{id}/review",
}
"""Routes that no key may take; tests of their own take them as somebody signed in."""
KNOWN = {"store": "uk", "product": "p1"}
BOUNDED = settings(
    max_examples=4,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def send(shop: Shop, case: AnyCase) -> httpx.Response:
    """Send a generated request with a valid key."""
    asked = case.as_transport_kwargs(base_url="http://shop")
    body = {"content" if name == "data" else name: asked.get(name) for name in ("json", "data", "params")}
    given_body = {name: value for name, value in body.items() if value is not None}
    return shop.run(shop.client.request(asked["method"], asked["url"], headers=shop.admin, **given_body))


def known(case: AnyCase) -> AnyCase:
    """Let a request name the store and product there are, so that it gets past the first look."""
    case.body = deepcopy(case.body)  # it may be the description's own example
    for values in (case.query, case.path_parameters, *rows(case.body)):
        values.update({name: value for name, value in KNOWN.items() if isinstance(values.get(name), str)})
    return case


def rows(body: object) -> list[dict[str, Any]]:
    listed = next((v for v in body.values() if isinstance(v, list)), []) if isinstance(body, dict) else body
    found = [body, *(listed if isinstance(listed, list) else [])]
    return [row for row in found if isinstance(row, dict)]


def test_the_document_is_valid_openapi() -> None:
    SCHEMA.validate()
    assert DOCUMENT["openapi"].startswith("3.1")


def test_every_route_says_its_scope_its_group_and_its_answers() -> None:
    groups = {tag["name"] for tag in DOCUMENT["tags"]}
    identities = [operation["operationId"] for item in DOCUMENT["paths"].values() for operation in item.values()]
    assert len(identities) == len(set(identities)) == len(OPERATIONS)
    for path, item in DOCUMENT["paths"].items():
        for operation in item.values():
            assert set(operation["tags"]) <= groups
            assert all(answer["content"] for answer in operation["responses"].values())
            scopes = [scope for need in operation["security"] for own in need.values() for scope in own]
            assert set(scopes) <= {*SCOPES, PUBLIC}
            assert ("401" in operation["responses"]) is path.startswith("/v1/")
            assert ("403" in operation["responses"]) is bool(scopes)


def explore(shop: Shop, operation: AnyOperation, mode: GenerationMode) -> None:
    """Send generated requests to one route, and hold each answer against the description."""

    @BOUNDED
    @given(operation.as_strategy(generation_mode=mode))
    def conforms(case: AnyCase) -> None:
        response = send(shop, known(case) if mode is GenerationMode.POSITIVE else case)
        assert response.status_code < 500, response.text
        case.validate_response(response, checks=CHECKS)

    conforms()


@pytest.mark.parametrize("label", OPERATIONS)
def test_generated_requests_get_what_the_description_says(shop: Shop, label: str) -> None:
    operation = OPERATIONS[label]
    explore(shop, operation, GenerationMode.POSITIVE)
    if operation.body or operation.query or operation.path_parameters:
        explore(shop, operation, GenerationMode.NEGATIVE)
    assert shop.serving.telemetry.errors == 0


def test_the_example_of_every_route_is_taken(shop: Shop) -> None:
    """The examples speak of one store and one product; where these are declared, each is a request that works."""
    shop.serving.state.experiments.begin(example_record(str(openapi_examples.PARAMETERS["experiment"])))
    for label, operation in OPERATIONS.items():
        for name in ("stores", "products"):
            assert shop.call("PUT", f"/v1/{name}", openapi_examples.PUT[name]).status_code == 202
        if operation.path.startswith(("/v1/rollouts/", "/v1/stops")) or label == "POST /v1/rollouts":
            continue  # they need a rollout under way, and a person: tests/web/test_rollouts.py
        if operation.path.startswith("/v1/price-runs/"):
            continue  # they need a run, and a person: tests/web/test_prices.py
        if operation.path == "/v1/beacon":
            continue  # it needs a web page and its key: tests/web/test_beacon.py
        if operation.path.endswith("/explain") or operation.path == "/v1/price-frontier":
            continue  # they need a model of prices: tests/web/test_price_questions.py
        described = DOCUMENT["paths"][operation.path][operation.method]
        values: dict[str, dict[str, Any]] = {"path": {}, "query": {}}
        for parameter in described.get("parameters", ()):
            if "example" in parameter:
                values[parameter["in"]][parameter["name"]] = parameter["example"]
        content = described.get("requestBody", {}).get("content", {})
        body = {"body": content["application/json"]["example"]} if content else {}
        case = operation.Case(path_parameters=values["path"], query=values["query"], **body)
        response = send(shop, case)
        if label in FOR_A_PERSON:
            assert "takes a person who signed in" in response.text, label
        else:
            assert response.status_code < 300, f"{label}: {response.text}"
        if response.status_code == 202:
            assert (response.json()["accepted"], response.json()["rejected"]) == (1, 0), label
        case.validate_response(response, checks=CHECKS)


def test_an_answer_the_description_does_not_know_is_found() -> None:
    """The checks above can fail: a status, a type or a body of another shape is not let through."""
    case = OPERATIONS["GET /livez"].Case()
    request = httpx.Request("GET", "http://shop/livez")
    for answer in (
        httpx.Response(204, request=request),
        httpx.Response(200, text="yes", request=request),
        httpx.Response(200, json={"alive": "yes"}, request=request),
    ):
        answer.elapsed = timedelta()
        with pytest.raises(FailureGroup):
            case.validate_response(answer, checks=CHECKS)
