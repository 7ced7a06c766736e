"""The reports sent from this browser, in a cookie that no script reads: code and tracking secret of each. Nobody needs
an account; whoever has the secret is the reporter."""

import re
from http.cookies import CookieError, SimpleCookie

from app.portal.context import Req, portal

_NAME, _SAFE_NAME = "phananh-mine", "__Host-phananh-mine"
_YEAR = 365 * 24 * 3600
_MOST = 20
"""The newest; a cookie holds 4 KB."""
_ONE = re.compile(r"(PA-[0-9A-Z]{4}-[0-9A-Z]{4})~([\w-]{10,64})", re.ASCII)


def _name(request: Req) -> str:
    return _SAFE_NAME if portal(request).secure else _NAME


def mine(request: Req) -> dict[str, str]:
    """Secrets by code, the newest first."""
    try:
        morsel = SimpleCookie(request.headers.get("cookie", "")).get(_name(request))
    except CookieError:
        return {}
    return dict(_ONE.findall(morsel.value)) if morsel else {}


def keeping(request: Req, code: str, secret: str) -> dict[str, str]:
    """The header that remembers one more."""
    return keeping_all(request, [(code, secret)])


def keeping_all(request: Req, found: list[tuple[str, str]]) -> dict[str, str]:
    """The header that remembers these, codes and secrets, before what is known already."""
    new = dict(found)
    others = [(code, secret) for code, secret in mine(request).items() if code not in new]
    return _header(request, [*found, *others][:_MOST])


def forgetting(request: Req) -> dict[str, str]:
    """The header that forgets them all, as on a borrowed phone."""
    return _header(request, [])


def _header(request: Req, kept: list[tuple[str, str]]) -> dict[str, str]:
    value = ".".join(f"{code}~{secret}" for code, secret in kept)
    lasts = _YEAR if kept else 0
    safe = "; Secure" if portal(request).secure else ""
    return {"Set-Cookie": f"{_name(request)}={value}; Path=/; Max-Age={lasts}; HttpOnly; SameSite=Lax{safe}"}
