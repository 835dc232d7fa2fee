"""The OpenAPI document as a reader of the API page meets it: routes in groups, with fields, example and answers."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote, urlencode

Document = dict[str, Any]
_BOUNDS_IN_WORDS = re.compile(
    r"^(?:Identifier|Short text|Text), .*|, [01] or more$|^Up to [\d,]+ .*|^Whole number(?=,)"
)
"""What a type's words say again of its bounds, which have a column of their own."""
_DEEPEST = 2


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a body, or one parameter.

    Attributes:
        name: Path from the body's root, such as `filters.brands`.
        type: In words.
        bounds: In words; empty where there are none.
        where: `path`, `query` or `body`.
    """

    name: str
    type: str
    bounds: str
    required: bool
    words: str
    where: str = "body"


@dataclass(frozen=True, slots=True)
class Operation:
    """One route.

    Attributes:
        scope: What its key needs; `any` = any valid key; empty = no key.
        batch: Name that holds the rows where a body may be a batch; empty where it may not.
        curl: A request that works as written once the store and the product it names are declared.
        answers: (status, what it means), the good ones first.
        answer: Fields of the good answer.
    """

    id: str
    method: str
    path: str
    summary: str
    words: str
    scope: str
    batch: str
    fields: tuple[Field, ...]
    curl: str
    answers: tuple[tuple[str, str], ...]
    answer: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """What a retailer wants to do, and the routes for it."""

    id: str
    name: str
    words: str
    operations: tuple[Operation, ...]


def groups(document: Document, address: str) -> tuple[Group, ...]:
    """Return the routes of a document by what a retailer wants to do.

    Args:
        address: Where the server is reached, such as `http://127.0.0.1:8000`; examples go there.
    """
    found: dict[str, list[Operation]] = {tag["name"]: [] for tag in document["tags"]}
    for path, item in document["paths"].items():
        for method, described in item.items():
            found[described["tags"][0]].append(_operation(document, address, path, method.upper(), described))
    return tuple(
        Group(tag["name"].lower().replace(" ", "-"), tag["name"], tag["description"], tuple(found[tag["name"]]))
        for tag in document["tags"]
    )


def _operation(document: Document, address: str, path: str, method: str, described: Document) -> Operation:
    body = described.get("requestBody", {}).get("content", {}).get("application/json", {})
    row, batch = _row(body.get("schema", {}))
    given = [
        _field(document, p["name"], p | p["schema"], p["required"], p["in"]) for p in described.get("parameters", ())
    ]
    needs = [scope for need in described["security"] for scopes in need.values() for scope in scopes]
    answers = sorted((status, said["description"]) for status, said in described["responses"].items())
    good = described["responses"][answers[0][0]]["content"].get("application/json", {}).get("schema", {})
    return Operation(
        described["operationId"],
        method,
        path,
        described["summary"],
        described["description"],
        ", ".join(needs) or ("any" if described["security"] else ""),
        batch,
        (*given, *fields(document, row)),
        _curl(address, path, method, described, body.get("example")),
        tuple(answers),
        tuple(fields(document, good)),
    )


def _row(schema: Document) -> tuple[Document, str]:
    """Return the schema of one row of a body, and the name that holds many."""
    for shape in schema.get("anyOf", ()):
        if "properties" in shape:
            return schema["anyOf"][0], next(iter(shape["properties"]))
    return schema, ""


def fields(document: Document, schema: Document, above: str = "", depth: int = 0) -> Iterator[Field]:
    """Yield the fields of an object, those of objects in it below their own."""
    whole = _resolved(document, schema)
    for name, field in whole.get("properties", {}).items():
        needed = name in whole.get("required", ())
        yield _field(document, f"{above}{name}", field, needed)
        inner = _object_in(document, field)
        if inner and depth < _DEEPEST:
            yield from fields(document, inner[0], f"{above}{name}{inner[1]}.", depth + 1)


def _field(document: Document, name: str, schema: Document, required: bool, where: str = "body") -> Field:
    shapes = _shapes(document, schema)
    types = list(dict.fromkeys(_type(document, shape) for shape in shapes))
    bounds = list(dict.fromkeys(words for shape in shapes if (words := _bounds(document, shape))))
    own = schema.get("description") or next((s["description"] for s in shapes if "description" in s), "")
    words = _BOUNDS_IN_WORDS.sub("", own)
    if schema.get("default"):
        words = f"{words.rstrip('.')}. " if words else ""
        words += f"Left out: {_plain(schema['default'])}."
    return Field(name, " or ".join(types), "; ".join(bounds), required, words, where)


def _shapes(document: Document, schema: Document) -> list[Document]:
    """Return what a field may be, null left out."""
    options = schema.get("anyOf") or [schema]
    return [_resolved(document, shape) for shape in options if shape.get("type") != "null"]


def _resolved(document: Document, schema: Document) -> Document:
    if "$ref" not in schema:
        return schema
    return cast("Document", document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])


def _object_in(document: Document, schema: Document) -> tuple[Document, str] | None:
    """Return the schema of the object a field holds, and `[]` where it holds many; None where it holds none."""
    for shape in _shapes(document, schema):
        if "properties" in shape:
            return shape, ""
        items = _resolved(document, shape.get("items", {})) if isinstance(shape.get("items"), dict) else {}
        if "properties" in items:
            return items, "[]"
    return None


def _type(document: Document, shape: Document) -> str:
    if "enum" in shape:
        return "one of " + ", ".join(shape["enum"])
    if shape.get("type") == "array":
        inner = shape.get("items")
        return f"list of {_type(document, _resolved(document, inner))}" if isinstance(inner, dict) else "list"
    if shape.get("format") == "date-time":
        return "time"
    names = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}
    return names.get(shape.get("type", ""), "object")


def _bounds(document: Document, shape: Document) -> str:
    if "minimum" in shape or "maximum" in shape:
        return _between(shape.get("minimum"), shape.get("maximum"), "")
    if "minLength" in shape or "maxLength" in shape:
        return _between(shape.get("minLength"), shape.get("maxLength"), " characters")
    if "pattern" in shape:
        return f"matches {shape['pattern']}"
    if shape.get("type") == "array" and isinstance(shape.get("items"), dict):
        own = _between(shape.get("minItems"), shape.get("maxItems"), " entries")
        each = _bounds(document, _resolved(document, shape["items"]))
        return ", ".join(part for part in (own, f"each {each}" if each else "") if part)
    return ""


def _between(low: float | None, high: float | None, unit: str) -> str:
    if high is None:
        return f"at least {low:,.10g}{unit}" if low is not None else ""
    return f"{low:,.10g} to {high:,.10g}{unit}" if low is not None else f"up to {high:,.10g}{unit}"


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _curl(address: str, path: str, method: str, described: Document, example: object) -> str:
    """Return a request as a shell command, one option a line."""
    asked: dict[str, dict[str, Any]] = {"path": {}, "query": {}}
    for parameter in described.get("parameters", ()):
        if "example" in parameter:
            asked[parameter["in"]][parameter["name"]] = parameter["example"]
    filled = path.format(**{name: quote(str(value), safe="") for name, value in asked["path"].items()})
    query = f"?{urlencode(asked['query'], doseq=True, quote_via=quote)}" if asked["query"] else ""
    lines = ["curl" + (f" -X {method}" if method not in ("GET", "POST") else "")]
    lines[0] += f" {shlex.quote(address + filled + query)}"
    schemes = {scheme for need in described["security"] for scheme in need}
    if "key" in schemes:
        lines.append('-H "Authorization: Bearer $KEY"')
    elif schemes:
        lines = [f'curl "{address}{filled}?key=$PUBLIC_KEY"', '-H "Origin: $PAGE"']
    if example is not None:
        lines.append("-H 'Content-Type: application/json'")
        lines.append(f"-d {shlex.quote(json.dumps(example))}")
    return " \\\n  ".join(lines)
