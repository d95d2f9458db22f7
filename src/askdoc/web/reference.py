"""The page that tells programmers which routes there are, made of their description."""

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from askdoc.settings import Settings
from askdoc.web.templating import render

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Route:
    """A route as OpenAPI describes it: what it takes and gives, and a command that calls it.

    ``takes`` and ``gives`` are a media type and a schema, both empty where there is nothing.
    """

    method: str
    path: str
    described: Schema
    takes: tuple[str, Schema]
    gives: tuple[str, Schema]
    call: str


def page(description: Schema, base: str, settings: Settings) -> str:
    """The routes of an OpenAPI description as HTML; ``base`` is the address that ends before them.

    It has a slash at the end.
    """
    shapes = description["components"]["schemas"]
    routes = list(_routes(description["paths"], shapes, base, bool(settings.auth)))
    return render("reference", version=description["info"]["version"], routes=routes, shapes=shapes)


def _routes(paths: Schema, shapes: Schema, base: str, login: bool) -> Iterator[Route]:
    for path, methods in paths.items():
        for method, told in methods.items():
            takes = _body(told.get("requestBody", {}))
            words = ["curl", "-s", *(["-u", "user:password"] if login else [])]
            if method == "post" and not takes[0]:
                words += ["-X", "POST"]
            words.append(_address(base + path[1:], told.get("parameters", ()), shapes))
            if takes[0]:
                body = json.dumps(example(takes[1], shapes, ""))
                words += ["-H", f"content-type: {takes[0]}", "-d", body]
            gives = _body(told["responses"]["200"])
            yield Route(method.upper(), path, told, takes, gives, shlex.join(words))


def _body(described: Schema) -> tuple[str, Schema]:
    """The media type and the schema of what is sent."""
    sent = described.get("content", {}).items()
    return next(((kind, each.get("schema", {})) for kind, each in sent), ("", {}))


def _address(address: str, parameters: list[Schema], shapes: Schema) -> str:
    """The address of a route with all parameters that it needs."""
    query = {}
    for each in parameters:
        value = str(example(each["schema"], shapes, each["name"]))
        if each["in"] == "path":
            address = address.replace(f"{{{each['name']}}}", value)
        elif each["required"]:
            query[each["name"]] = value
    return f"{address}?{urlencode(query)}" if query else address


def example(schema: Schema, shapes: Schema, name: str) -> Any:
    """A value of a schema: of an object what it needs, of a text without an example its name."""
    if "examples" in schema or "enum" in schema:
        return (schema.get("examples") or schema["enum"])[0]
    if "$ref" in schema:
        return example(shapes[schema["$ref"].rpartition("/")[2]], shapes, name)
    if "anyOf" in schema:
        return example(schema["anyOf"][-1], shapes, name)
    if "properties" in schema:
        needed = schema.get("required", ())
        return {key: example(schema["properties"][key], shapes, key) for key in needed}
    if schema["type"] == "array":
        return [example(schema["items"], shapes, name)]
    return 1 if schema["type"] in ("integer", "number") else name.upper()
