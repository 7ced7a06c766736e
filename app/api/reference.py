"""The API's description: the OpenAPI document, and a page of our own for people to read. No script, nothing from
elsewhere."""

import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment
from litestar import Litestar, Response, get
from markupsafe import Markup, escape
from msgspec import Struct, json

from app.api.context import Req
from app.api.declare import ANYONE, PROBLEM, call
from app.api.openapi import GROUPS, document
from app.api.problems import lang_of
from app.i18n import Lang, pick, t
from app.pages import templates_in

_PAGES = Path(__file__).parent / "pages"
_CACHED = {"Cache-Control": "public, max-age=300", "Vary": "Accept-Language"}


class PageQuery(Struct, frozen=True, forbid_unknown_fields=True):
    lang: str = ""


def _code(text: str) -> Markup:
    """`words` between backticks as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704  # escaped


def _breakable(path: str) -> Markup:
    """A path that may wrap before each slash, so that it fits on a telephone."""
    return escape(path).replace("/", Markup("<wbr>/"))


@cache
def _templates() -> Environment:
    made = templates_in(_PAGES)
    made.filters |= {"code": _code, "breakable": _breakable}
    return made


class Description:
    """The document and the page in each language, made when somebody first asks, which takes 40 ms, rather than by each
    process at its start. What is kept is their bytes."""

    def __init__(self, app: Litestar, public_url: str) -> None:
        self._app, self._public_url = app, public_url
        self._made: dict[Lang, tuple[bytes, bytes]] = {}

    def document(self, lang: Lang) -> bytes:
        return self._in(lang)[0]

    def page(self, lang: Lang) -> bytes:
        return self._in(lang)[1]

    def _in(self, lang: Lang) -> tuple[bytes, bytes]:
        if lang not in self._made:
            said = document(self._app, self._public_url, lang)
            self._made[lang] = json.encode(said), _page(said, lang).encode()
        return self._made[lang]


def _page(said: dict[str, Any], lang: Lang) -> str:
    sections = [(group, t(f"api.group_{group}", lang), _calls(said, group, lang)) for group in GROUPS]
    root = f"{said['servers'][0]['url']}/api/v1"
    page = _templates().get_template("reference.html.j2")
    return page.render(lang=lang, t=lambda key, **more: t(key, lang, **more), said=said, sections=sections, root=root)


def _calls(said: dict[str, Any], group: str, lang: Lang) -> list[dict[str, Any]]:
    return [
        _call(method, path, operation, said["components"]["schemas"], lang)
        for path, methods in said["paths"].items()
        for method, operation in methods.items()
        if operation["tags"] == [group]
    ]


def _call(method: str, path: str, operation: dict[str, Any], schemas: dict[str, Any], lang: Lang) -> dict[str, Any]:
    text, _, who = operation["description"].rpartition(f"\n\n{t('api.who', lang)}: ")
    body = operation.get("requestBody", {}).get("content", {})
    form = body.get("multipart/form-data") or body.get("application/json")
    answers, errors = [], []
    for status, response in operation["responses"].items():
        if PROBLEM in response.get("content", {}):
            shown = response["content"][PROBLEM]["examples"]
            errors += [(status, key, each["value"]["detail"]) for key, each in shown.items()]
        else:
            answers.append((status, response["description"], _shown(response)))
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "name": operation["summary"],
        "text": text,
        "who": who,
        "parameters": [
            (each["name"], f"{each['in']} · {kind_words(each['schema'])}", each["required"], each["description"])
            for each in operation["parameters"]
        ],
        "fields": _fields(_schema(form["schema"], schemas)) if form else [],
        "types": list(body),
        "body": _pretty(body.get("application/json", {}).get("example")),
        "answers": answers,
        "errors": errors,
    }


def _shown(response: dict[str, Any]) -> list[tuple[str, str]]:
    """Example answers: (name, JSON)."""
    for content in response.get("content", {}).values():
        if "examples" in content:
            return [(name, _pretty(each["value"]) or "") for name, each in content["examples"].items()]
        if "example" in content:
            return [("", _pretty(content["example"]) or "")]
    return []


def _pretty(value: Any) -> str | None:
    return None if value is None else json.format(json.encode(value), indent=2).decode()


def _schema(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """What a reference stands for."""
    found: dict[str, Any] = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    return found


def _fields(schema: dict[str, Any]) -> list[tuple[str, str, bool, str]]:
    """(name, type in words, required, description) of a body."""
    required = schema.get("required", [])
    return [
        (name, kind_words(kind), name in required, kind.get("description", ""))
        for name, kind in schema["properties"].items()
    ]


def kind_words(kind: dict[str, Any]) -> str:
    """A schema in a word or two."""
    if "anyOf" in kind:
        return " | ".join(kind_words(each) for each in kind["anyOf"])
    if "enum" in kind:
        return " | ".join(kind["enum"])
    if kind.get("type") == "array":
        return f"{kind_words(kind['items'])}[]"
    if "$ref" in kind:
        return str(kind["$ref"].rpartition("/")[2])
    limits = [f"{kind[k]}" for k in ("minLength", "maxLength") if k in kind]
    word = kind.get("contentMediaType") or kind.get("format") or kind.get("type", "any")
    return f"{word} ({'–'.join(limits) if len(limits) > 1 else f'≤ {limits[0]}'})" if limits else str(word)


@get(
    "/schema",
    **call(ANYONE, "operations", raw="text/html", query=PageQuery),
)
async def page(request: Req) -> Response[bytes]:
    wanted = request.query_params.get("lang")
    lang = pick(wanted) if wanted else lang_of(request)
    return Response(request.app.state.description.page(lang), media_type="text/html", headers=_CACHED)


@get(
    "/schema/openapi.json",
    **call(ANYONE, "operations", raw="application/json"),
)
async def openapi(request: Req) -> Response[bytes]:
    said = request.app.state.description.document(lang_of(request))
    return Response(said, media_type="application/json", headers=_CACHED)


@get(
    "/schema/reference.css",
    **call(ANYONE, "operations", raw="text/css", listed=False),
)
async def style() -> Response[bytes]:
    return Response(_style(), media_type="text/css", headers=_CACHED)


@cache
def _style() -> bytes:
    return (_PAGES / "reference.css").read_bytes()


@get("/schema/icon.svg", **call(ANYONE, "operations", raw="image/svg+xml", listed=False))
async def icon() -> Response[bytes]:
    return Response((_PAGES / "icon.svg").read_bytes(), media_type="image/svg+xml", headers=_CACHED)


ROUTES = [page, openapi, style, icon]
