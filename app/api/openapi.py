"""The OpenAPI 3.1 document, made from what the routes declare about themselves."""

from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import msgspec
from litestar import Litestar
from litestar.handlers.http_handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from app.accounts.model import Role
from app.api import answer_headers, examples
from app.api.body import WrongType
from app.api.declare import ETAG, PROBLEM, SECRET, Call, Group
from app.api.problems import Malformed, ProblemDetails, details
from app.api.views import PublicView, ReporterView
from app.attachments.model import AT_ONCE
from app.errors import AppError, Forbidden, Invalid, NotFound, TooLarge, Unauthenticated, Unavailable
from app.i18n import Lang, t
from app.reports.model import PHOTOS_MAX

GROUPS: tuple[Group, ...] = (
    "report", "follow", "look_up", "session", "case", "figures", "programs", "outward", "operations",
)  # fmt: skip
_REF = "#/components/schemas/{name}"
_UNSAFE = frozenset({"post", "put", "patch", "delete"})


def routes(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler, Call]]:
    """Every declared route: (method, path template, handler, declaration)."""
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        for handler in route.route_handlers:
            for method in sorted(handler.http_methods - {"OPTIONS"}):
                yield method.lower(), route.path_format, handler, handler.opt["call"]


def common_errors(call: Call, method: str) -> list[AppError]:
    """What may go wrong with every route of a kind."""
    errors: list[AppError] = []
    match call.who.kind:
        case "staff":
            errors += [Unauthenticated("api.sign_in_first"), Forbidden("accounts.not_allowed")]
            if method in _UNSAFE:
                errors.append(Forbidden("api.csrf_wrong", field="X-CSRF-Token"))
            if call.who.by_hand:
                errors.append(Forbidden("api.by_hand"))
            else:
                scope = "write" if method in _UNSAFE else "read"
                errors += [
                    Unauthenticated("accounts.token_bad"),
                    Forbidden("accounts.token_scope_missing", scope=scope),
                ]
        case "reporter":
            errors.append(Unauthenticated("api.secret_missing", field="X-Tracking-Secret"))
        case "house":
            errors.append(NotFound("api.not_found"))
        case "anyone":
            pass
    if call.body is not None:
        takes = "application/json, multipart/form-data" if call.photos else "application/json"
        errors += [
            Malformed("api.json_broken"),
            TooLarge("api.body_large", most=130 if call.photos else 1),
            WrongType("api.wrong_content_type", field="Content-Type", takes=takes),
        ]
    if call.body is not None or call.query is not None:
        errors.append(Invalid("api.unknown_field", field="colour"))
    return [*errors, AppError("api.broken"), Unavailable("api.database_away")]


def document(app: Litestar, public_url: str, lang: Lang) -> dict[str, Any]:
    """The whole document; examples of errors in ``lang``."""
    declared = [each for each in routes(app) if each[3].listed]
    types = {kind for *_, call in declared for kind in (call.query, call.body) if kind is not None}
    answers = {kind for *_, call in declared for kind in _answers(call)}
    _, components = msgspec.json.schema_components([*_sorted(types | answers), ProblemDetails], ref_template=_REF)
    for schema in components.values():
        # Docstrings are wrapped and mark code as reStructuredText does; CommonMark is what OpenAPI speaks.
        schema["description"] = " ".join(schema.get("description", "").split()).replace("``", "`")
    for kind in types:
        for field, schema in components[kind.__name__]["properties"].items():
            schema["description"] = _meaning(field, lang)
    paths: dict[str, dict[str, Any]] = {}
    for method, path, handler, call in sorted(declared, key=_place):
        paths.setdefault(path, {})[method] = _operation(method, path, handler, call, components, lang)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Phản ánh hiện trường",
            "version": version("phananh"),
            "summary": "Citizen field reports: send, follow, handle.",
            "description": t("api.intro", lang),
        },
        "servers": [{"url": public_url}],
        "tags": [{"name": group, "description": t(f"api.group_{group}", lang)} for group in GROUPS],
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": _SCHEMES},
    }


_SCHEMES = {
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "phananh",
        "description": "Set by POST /api/v1/staff/session (`__Host-phananh` over HTTPS). Changing requests also send "
        "X-CSRF-Token.",
    },
    "program": {
        "type": "http",
        "scheme": "bearer",
        "description": "A program's key with the scope read or write, or feed for figures and the feed of reports.",
    },
    "secret": {"type": "apiKey", "in": "header", "name": SECRET.name, "description": "The tracking secret."},
}


def _place(declared: tuple[str, str, HTTPRouteHandler, Call]) -> tuple[int, int]:
    """Where a call stands in the description: by group, then as its file has it."""
    _, _, handler, call = declared
    return GROUPS.index(call.group), handler.fn.__code__.co_firstlineno


def _sorted(types: set[Any]) -> list[Any]:
    return sorted(types, key=lambda kind: str(kind))


def _answers(call: Call) -> list[Any]:
    if call.answer is None:
        return []
    return list(getattr(call.answer, "__args__", ())) or [call.answer]


def _operation(
    method: str, path: str, handler: HTTPRouteHandler, call: Call, components: dict[str, Any], lang: Lang
) -> dict[str, Any]:
    name = handler.fn.__name__
    says = f"{t(f'calls.{name}_says', lang)}\n\n{t('api.who', lang)}: {who_words(call, lang)}"
    operation: dict[str, Any] = {
        "operationId": name,
        "summary": t(f"calls.{name}", lang),
        "description": says,
        "tags": [call.group],
        "parameters": [*_path_parameters(path, lang), *_query(call, components), *_headers(call, lang)],
        "responses": _responses(method, call, lang),
    }
    if call.who.kind == "staff":
        operation["security"] = [{"session": []}, *([] if call.who.by_hand else [{"program": []}])]
    elif call.who.kind == "reporter":
        operation["security"] = [{"secret": []}]
    if call.body is not None:
        operation["requestBody"] = _request_body(call, components, lang)
    elif call.takes is not None:
        operation["requestBody"] = {"content": {call.takes: {"schema": {"type": "string", "format": "binary"}}}}
    return operation


def who_words(call: Call, lang: Lang) -> str:
    """Who may call it, for people."""
    if call.who.kind != "staff":
        return t(f"api.who_{call.who.kind}", lang)
    if call.who.roles == frozenset(Role):
        said = t("api.who_all_staff", lang)
    else:
        said = ", ".join(t(f"api.role_{role}", lang) for role in Role if role in call.who.roles)
    return f"{said} ({t('api.who_by_hand', lang)})" if call.who.by_hand else said


def _meaning(name: str, lang: Lang) -> str:
    return t(f"calls.field_{name.lower().replace('-', '_')}", lang)


def _path_parameters(path: str, lang: Lang) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    return [
        {"name": n, "in": "path", "required": True, "schema": {"type": "string"}, "description": _meaning(n, lang)}
        for n in names
    ]


def _query(call: Call, components: dict[str, Any]) -> list[dict[str, Any]]:
    if call.query is None:
        return []
    schema = components[call.query.__name__]
    return [
        {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "description": kind["description"],
            "schema": {key: value for key, value in kind.items() if key != "description"},
        }
        for name, kind in schema["properties"].items()
    ]


def _headers(call: Call, lang: Lang) -> list[dict[str, Any]]:
    return [
        {
            "name": header.name,
            "in": "header",
            "required": header.required or (header == SECRET and call.who.kind == "reporter"),
            "description": _meaning(header.name, lang),
            "schema": {"type": "string"},
            "example": header.example,
        }
        for header in call.headers
    ]


def _request_body(call: Call, components: dict[str, Any], lang: Lang) -> dict[str, Any]:
    schema = components[call.body.__name__]
    json = {"schema": {"$ref": _REF.format(name=call.body.__name__)}}
    if call.example[0] is not None:
        json["example"] = call.example[0]
    content: dict[str, Any] = {"application/json": json} if schema["properties"] else {}
    if call.photos:
        sent = {"photos": _files("photos", PHOTOS_MAX, "image/*", lang)}
        if call.files:
            sent["files"] = _files("files", AT_ONCE, "application/octet-stream", lang)
        form = {**schema, "properties": schema["properties"] | sent}
        form.pop("title")
        content["multipart/form-data"] = {"schema": form}
    return {"required": bool(schema.get("required")), "content": content}


def _files(name: str, most: int, kind: str, lang: Lang) -> dict[str, Any]:
    items = {"type": "string", "format": "binary", "contentMediaType": kind}
    return {"type": "array", "maxItems": most, "items": items, "description": _meaning(name, lang)}


def _responses(method: str, call: Call, lang: Lang) -> dict[str, Any]:
    responses: dict[str, Any] = {str(call.status): _success(call, lang)}
    if said := answer_headers.of_success(call, lang):
        responses[str(call.status)]["headers"] = said
    for status in call.also:
        responses[str(status)] = {**_success(call, lang), "description": t(f"api.title_{status}", lang)}
    if ETAG in call.headers:
        responses["304"] = {"description": t("api.title_304", lang), "headers": answer_headers.of_success(call, lang)}
    by_status: dict[int, list[AppError]] = {}
    for error in (*call.errors, *common_errors(call, method)):
        by_status.setdefault(error.status, []).append(error)
    for status, errors in sorted(by_status.items()):
        if str(status) not in responses:
            responses[str(status)] = _failure(status, errors, lang)
            if said := answer_headers.of_failure(status, errors, lang):
                responses[str(status)]["headers"] = said
    return responses


def _success(call: Call, lang: Lang) -> dict[str, Any]:
    said: dict[str, Any] = {"description": t(f"api.title_{call.status}", lang)}
    if call.raw:
        kinds = [kind.partition(";")[0] for kind in ([call.raw] if isinstance(call.raw, str) else call.raw)]
        said["content"] = {
            kind: {"schema": {"type": "object" if kind.endswith("json") else "string"}} for kind in kinds
        }
    if call.answer is None:
        return said
    refs = [{"$ref": _REF.format(name=kind.__name__)} for kind in _answers(call)]
    content: dict[str, Any] = {"schema": refs[0] if len(refs) == 1 else {"oneOf": refs}}
    if _answers(call) == [PublicView, ReporterView]:
        content["examples"] = {"public": {"value": examples.PUBLIC_VIEW}, "reporter": {"value": examples.REPORTER_VIEW}}
    else:
        content["example"] = call.example[1]
    return said | {"content": {"application/json": content}}


def _failure(status: int, errors: list[AppError], lang: Lang) -> dict[str, Any]:
    shown = {error.key: {"value": msgspec.to_builtins(details(error, lang))} for error in errors}
    return {
        "description": t(f"api.title_{status}", lang),
        "content": {PROBLEM: {"schema": {"$ref": _REF.format(name="ProblemDetails")}, "examples": shown}},
    }
