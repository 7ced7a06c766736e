"""What the pages of one application share, and how they get at it."""

import asyncio
import secrets
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from msgspec import Struct, field

from app.accounts.directory import Agencies
from app.accounts.model import Actor, Origin, Session
from app.accounts.oidc import Provider
from app.accounts.origins import origin
from app.accounts.totp import Policy
from app.addresses import Limiter
from app.console.candidates import Checks
from app.console.csrf import mask
from app.console.replays import Replays
from app.i18n import DEFAULT, LANGS, Lang
from app.photos.uploads import AT_ONCE
from app.wiring import Parts

Connection = ASGIConnection[Any, Any, Any, Any]
Req = Request[Any, Any, Any]
BASE = "/console"
LANGUAGE_COOKIE = "phananh-language"
_FORM_SECONDS = 24 * 3600


class Console(Struct, frozen=True):
    """``cookie``: the name of the session's cookie, which the staff API reads too. ``secure``: the system is reached
    by HTTPS, so cookies must not leave by anything else. ``sign_ins`` counts the passwords and codes that are tried."""

    parts: Parts
    cookie: str
    secure: bool
    sign_ins: Limiter
    replays: Replays
    checks: Checks
    agencies: Agencies
    provider: Provider | None = None
    uploads: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    @property
    def form_cookie(self) -> str:
        """What proves that the sign-in form is ours, before there is a session."""
        return f"{self.cookie}-form"

    @property
    def step_cookie(self) -> str:
        """A sign-in that waits for its second factor."""
        return f"{self.cookie}-step"

    @property
    def policy(self) -> Policy:
        return Policy.of(self.parts.settings)

    @property
    def sso_cookie(self) -> str:
        """A sign-in that is at the identity provider."""
        return f"{self.cookie}-sso"

    def set_cookie(self, name: str, value: str, seconds: int, *, same_site: str = "Strict") -> str:
        """A Set-Cookie header for something that only this server reads."""
        secure = "; Secure" if self.secure else ""
        return f"{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite={same_site}{secure}"


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


def form_token(request: Req) -> tuple[str, str]:
    """What a form without a session proves itself with, and the Set-Cookie header that goes along: the same for all
    tabs of a browser, renewed with each form."""
    here = console(request)
    token = request.cookies.get(here.form_cookie) or secrets.token_urlsafe(32)
    return mask(token), here.set_cookie(here.form_cookie, token, _FORM_SECONDS)


def origin_of(request: Req) -> Origin:
    return origin(request.headers.get("user-agent", ""), request.client.host if request.client else "")


def signature(request: Req) -> str:
    """The signed-in person in words, for records that outlive the account."""
    staff = session(request).staff
    return f"{staff.full_name} ({staff.username})"


def lang_of(request: Req) -> Lang:
    """Vietnamese until the reader switches."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    return next((lang for lang in LANGS if lang == chosen), DEFAULT)
