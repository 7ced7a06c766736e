"""Settings of how staff sign in: which roles need a second factor, and the provider of single sign-on."""

import re
from urllib.parse import urlsplit

from msgspec import Struct

from app.settings.reader import Reader

ROLES = ("officer", "lead", "coordinator", "leader", "administrator")
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Oidc(Struct, frozen=True):
    """Single sign-on. ``username_claim`` "": accounts are found by verified e-mail alone. ``second_factor``: values of
    ``amr`` or ``acr`` that stand for a second factor which the provider has seen. ``name``: on the button."""

    issuer: str
    client_id: str
    client_secret: str | None
    name: str
    username_claim: str
    second_factor: frozenset[str]

    def __repr__(self) -> str:
        return "Oidc(...)"


def read_oidc(read: Reader) -> Oidc | None:
    issuer = read.url("OIDC_ISSUER", ("https", "http"))
    client_id, secret = read.text("OIDC_CLIENT_ID"), read.text("OIDC_CLIENT_SECRET", secret=True)
    name, claim = read.text("OIDC_NAME", "SSO") or "", read.text("OIDC_USERNAME_CLAIM") or ""
    strong = frozenset((read.text("OIDC_SECOND_FACTOR") or "").replace(",", " ").split())
    if issuer is None:
        if client_id or secret:
            read.problems.append("PHANANH_OIDC_ISSUER is missing although PHANANH_OIDC_CLIENT_ID is set")
        return None
    if issuer.startswith("http:") and urlsplit(issuer).hostname not in _LOOPBACK:
        read.problems.append("PHANANH_OIDC_ISSUER must be an address that starts with https://")
    if client_id is None:
        read.problems.append("PHANANH_OIDC_CLIENT_ID is missing although PHANANH_OIDC_ISSUER is set")
    return Oidc(issuer, client_id or "", secret, name, claim, strong)


def read_second_factor(read: Reader) -> frozenset[str]:
    """Roles, or "all" of them."""
    names = {name for name in re.split(r"[\s,]+", (read.text("SECOND_FACTOR") or "").lower()) if name}
    if strange := sorted(names - {*ROLES, "all"}):
        some = ", ".join(ROLES)
        read.problems.append(f"PHANANH_SECOND_FACTOR: {strange[0]!r} is no role; give all, or some of {some}")
    return frozenset(ROLES if "all" in names else names & set(ROLES))
