"""What the pages of one application share, and how they get at it."""

from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from msgspec import Struct

from app.accounts.model import Actor, Session
from app.console.candidates import Checks
from app.console.replays import Replays
from app.i18n import DEFAULT, LANGS, Lang
from app.wiring import Parts

Connection = ASGIConnection[Any, Any, Any, Any]
Req = Request[Any, Any, Any]
BASE = "/console"
LANGUAGE_COOKIE = "phananh-language"


class Console(Struct, frozen=True):
    """``cookie``: the name of the session's cookie, which the staff API reads too. ``secure``: the system is reached
    by HTTPS, so cookies must not leave by anything else."""

    parts: Parts
    cookie: str
    secure: bool
    replays: Replays
    checks: Checks

    @property
    def form_cookie(self) -> str:
        """What proves that the sign-in form is ours, before there is a session."""
        return f"{self.cookie}-form"

    def set_cookie(self, name: str, value: str, seconds: int) -> str:
        """A Set-Cookie header for something that only this server reads."""
        secure = "; Secure" if self.secure else ""
        return f"{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"


def console(connection: Connection) -> Console:
    found = connection.app.state.console
    assert isinstance(found, Console)
    return found


def actor(request: Req) -> Actor:
    """The signed-in member of staff; the guard has put them there."""
    found = request.state.actor
    assert isinstance(found, Actor)
    return found


def session(request: Req) -> Session:
    found = request.state.session
    assert isinstance(found, Session)
    return found


def signature(request: Req) -> str:
    """The signed-in person in words, for records that outlive the account."""
    staff = session(request).staff
    return f"{staff.full_name} ({staff.username})"


def lang_of(request: Req) -> Lang:
    """Vietnamese until the reader switches."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    return next((lang for lang in LANGS if lang == chosen), DEFAULT)
