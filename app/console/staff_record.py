"""The record of what was done to accounts, and all programs' keys."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from litestar import Response, get
from msgspec import Struct

from app.accounts import oversight
from app.accounts import service as accounts
from app.accounts.model import EventKind
from app.accounts.oversight import Happened
from app.console.context import Req, actor, console, lang_of
from app.console.declare import ACCOUNTS, page
from app.console.render import show
from app.console.staff_common import HERE
from app.errors import NotFound
from app.forms import whole
from app.i18n import Lang, t


class Line(Struct, frozen=True):
    """An event in words."""

    at: datetime
    what: str
    who: str
    whose: str
    details: str


_SHOWN = (
    "reason",
    "second_factor",
    "username",
    "role",
    "agency",
    "categories",
    "communes",
    "fields",
    "name",
    "scopes",
    "sessions_ended",
    "tokens_revoked",
    "issuer",
    "jobs",
    "word",
    "why",
    "first_day",
    "last_day",
    "export",
    "question",
)
_CHANGES = ("role", "agency", "categories", "communes")


def _details(kind: EventKind, data: dict[str, Any], lang: Lang) -> str:
    said = []
    for name in _SHOWN:
        if name not in data or data[name] in ([], None):
            continue
        value = data[name]
        if kind is EventKind.STAFF_CHANGED and name in _CHANGES:
            words = f"{_words(name, value[0], lang)} → {_words(name, value[1], lang)}"
        elif name == "reason":
            words = t(f"console.refused_{value}", lang)
        else:
            words = _words(name, value, lang)
        said.append(f"{t(f'console.fact_{name}', lang)}: {words}")
    return "; ".join(said)


def _words(name: str, value: Any, lang: Lang) -> str:
    """Roles and scopes by their names; everything else as it is recorded: ids stay what they were."""
    if isinstance(value, list):
        return ", ".join(_words(name, each, lang) for each in value) or "–"
    match name:
        case "role":
            return t(f"api.role_{value}", lang)
        case "scopes" | "second_factor":
            return t(f"console.{name.removesuffix('s')}_{value}", lang)
    return str(value)


def told(request: Req, event: Happened) -> Line:
    lang = lang_of(request)
    who = t(f"console.by_{event.who}", lang) if event.who in ("system", "anonymous") else event.who
    what = t(f"console.event_{event.kind.value}", lang)
    return Line(event.at, what, who, event.whose or "", _details(event.kind, event.data, lang))


@get("/staff/audit", **page(ACCOUNTS))
async def audit_page(request: Req) -> Response[bytes]:
    pool, query = console(request).parts.pool, request.query_params
    kind = next((kind for kind in EventKind if kind.value == query.get("kind")), None)
    username, before = query.get("username", "").strip()[:80], query.get("before", "")
    staff_id, unknown = None, False
    if username:
        try:
            async with pool.acquire() as conn:
                staff_id = (await accounts.find_staff(conn, username)).staff_id
        except NotFound:
            unknown = True
    wanted = oversight.Wanted(kind, staff_id, whole(before, 18))
    found, older = ([], None) if unknown else await oversight.events(pool, wanted, actor(request))
    following = {"kind": kind.value if kind else "", "username": username, "before": older}
    lang = lang_of(request)
    kinds = sorted(
        ((each.value, t(f"console.event_{each.value}", lang)) for each in EventKind), key=lambda each: each[1]
    )
    return show(
        request,
        "staff_audit.html.j2",
        events=[told(request, each) for each in found],
        kinds=kinds,
        kind=kind.value if kind else "",
        username=username,
        unknown=unknown,
        first=not before,
        older=f"{HERE}/audit?{urlencode(following)}" if older else "",
    )


@get("/staff/tokens", **page(ACCOUNTS))
async def tokens_page(request: Req) -> Response[bytes]:
    found = await oversight.all_tokens(console(request).parts.pool, actor(request))
    return show(request, "staff_tokens.html.j2", tokens=found, now=datetime.now(UTC))


ROUTES = [audit_page, tokens_page]
