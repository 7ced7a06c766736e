"""Who is let in: the one guard on every route, which reads the route's own declaration."""

import hmac
from datetime import UTC, datetime
from http.cookies import CookieError, SimpleCookie
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from app.accounts import service as accounts
from app.accounts.model import Actor, Session
from app.addresses import from_house
from app.api.context import context
from app.api.declare import Call
from app.errors import Forbidden, NotFound, Unauthenticated

Connection = ASGIConnection[Any, Any, Any, Any]
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


async def admit(connection: Connection, handler: BaseRouteHandler) -> None:
    """Raises Unauthenticated, Forbidden, or NotFound for what is none of the caller's business.

    A route without a declaration lets nobody in: it is a mistake, and it must not be an open door.
    """
    method = connection.scope["method"]  # type: ignore[typeddict-item]  # guards of HTTP routes only
    if method == "OPTIONS":
        return
    call: Call = handler.opt["call"]
    match call.who.kind:
        case "anyone":
            return
        case "house":
            if not from_house(connection):
                raise NotFound("api.not_found")
        case "reporter":
            if not connection.headers.get("x-tracking-secret"):
                raise Unauthenticated("api.secret_missing", field="X-Tracking-Secret")
        case "staff":
            connection.state.actor = await _staff(connection, call, unsafe=method not in _SAFE)


async def _staff(connection: Connection, call: Call, *, unsafe: bool) -> Actor:
    ctx, now = context(connection), datetime.now(UTC)
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme:
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthenticated("api.bearer_only", field="Authorization")
        needs = ("write" if unsafe else "read", *call.scopes)
        actor, scopes = await accounts.holder_of_token(ctx.parts.pool, token.strip(), needs, now)
        connection.state.scopes = scopes
        if call.who.by_hand:
            raise Forbidden("api.by_hand")
    else:
        actor, session = await _signed_in(connection, now)
        given = connection.headers.get("x-csrf-token", "")
        if unsafe and not hmac.compare_digest(given.encode(), session.csrf.encode()):
            raise Forbidden("api.csrf_wrong", field="X-CSRF-Token")
    if actor.role not in call.who.roles:
        raise Forbidden("accounts.not_allowed")
    return actor


async def _signed_in(connection: Connection, now: datetime) -> tuple[Actor, Session]:
    token = session_cookie(connection)
    found = await accounts.session(context(connection).parts.pool, token, now) if token else None
    if found is None:
        raise Unauthenticated("api.sign_in_first")
    connection.state.session = found[1]
    return found


def session_cookie(connection: Connection) -> str | None:
    try:
        morsel = SimpleCookie(connection.headers.get("cookie", "")).get(context(connection).cookie)
    except CookieError:
        return None
    return morsel.value if morsel else None
