"""Who is let in: the one guard on every page, which reads the page's own declaration."""

from datetime import UTC, datetime
from typing import Any

from litestar.handlers.base import BaseRouteHandler

from app.accounts import service as accounts
from app.console.context import Connection, Req, console
from app.console.csrf import matches
from app.console.declare import Who
from app.errors import Forbidden, Unauthenticated
from app.forms import MOST_BYTES, WORDS_BYTES, read_form


class PasswordFirst(Forbidden):
    """The password was given by somebody else: a new one comes before anything else."""


async def admit(connection: Connection, handler: BaseRouteHandler) -> None:
    """Raises Unauthenticated or Forbidden. A form is read here, because nothing may be done before its token is seen.

    A page without a declaration lets nobody in: it is a mistake, and it must not be an open door.
    """
    method = connection.scope["method"]  # type: ignore[typeddict-item]  # guards of HTTP routes only
    if method == "OPTIONS":
        return
    who: Who = handler.opt["page"]
    if who.kind == "staff":
        await _signed_in(connection, who, quiet=handler.opt.get("quiet", False))
    if method not in ("GET", "HEAD"):
        csrf = connection.state.session.csrf if who.kind == "staff" else None
        await _own_form(connection, csrf, uploads=handler.opt.get("uploads", False))


async def _signed_in(connection: Connection, who: Who, *, quiet: bool) -> None:
    token, pool = connection.cookies.get(console(connection).cookie), console(connection).parts.pool
    found = await accounts.session(pool, token, datetime.now(UTC), quiet=quiet) if token else None
    if found is None:
        raise Unauthenticated("console.sign_in_first")
    connection.state.actor, connection.state.session = found
    if found[1].staff.password_temporary and not who.entering:
        raise PasswordFirst("console.password_first")
    if not who.includes(connection.state.actor):
        raise Forbidden("accounts.not_allowed")


async def _own_form(connection: Any, csrf: str | None, *, uploads: bool) -> None:
    """The form came from a page of ours: it has the session's token or, before there is one, the same as the cookie."""
    request: Req = connection
    expected = csrf or request.cookies.get(console(request).form_cookie, "")
    words = MOST_BYTES if csrf else WORDS_BYTES
    request.state.form = form = await read_form(request, uploads=uploads, words=words)
    if not matches(form.fields.get("csrf", ""), expected):
        form.close()
        raise Forbidden("console.form_stale")
