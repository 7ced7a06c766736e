"""What the calls of GeoReport share, and how they get at it."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

from litestar import Request, Response
from msgspec import Struct, field

from app.accounts import service as accounts
from app.accounts.directory import Agencies
from app.accounts.model import Actor
from app.addresses import Limiter
from app.errors import NotFound
from app.i18n import Lang, pick
from app.i18n.text import nfc
from app.open311 import render
from app.photos.uploads import AT_ONCE
from app.wiring import Parts

Req = Request[Any, Any, Any]
Format = Literal["xml", "json"]
BASE = "/open311/v2"
TRIAL = "/open311/trial/v2"
"""The test endpoint: the same answers, but what is sent there is looked at and forgotten."""


class Open311(Struct, frozen=True):
    """``limiter`` counts all reports of this process, by whichever folder of HTTP they come."""

    parts: Parts
    limiter: Limiter
    agencies: Agencies
    uploads: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    @property
    def root(self) -> str:
        return self.parts.settings.public_url

    @property
    def jurisdiction(self) -> str:
        """The host we are reached at, as is usual: ``phananh.camau.gov.vn``."""
        return urlsplit(self.root).hostname or ""


class Call(Struct, frozen=True):
    """One call as it came. ``query``: parameters of the address, without those left empty, which count as absent."""

    request: Req
    here: Open311
    form: Format
    lang: Lang
    query: Mapping[str, str]
    trial: bool

    def answer(self, root: str, item: str, value: Any, *, status: int = 200) -> Response[bytes]:
        """``root`` and ``item``: what XML calls the whole and each member of a list."""
        return answer(self.form, self.lang, root, item, value, status=status)

    async def holder(self, key: str) -> Actor:
        """Whom the program with this key acts for. Raises Unauthenticated and Forbidden."""
        now = datetime.now(UTC)
        return (await accounts.holder_of_token(self.here.parts.pool, key, ("open311",), now))[0]

    def check_jurisdiction(self, given: str) -> None:
        """There is one jurisdiction, so that naming it is optional. Raises NotFound for another one."""
        if given and given.casefold() != self.here.jurisdiction:
            raise NotFound("open311.jurisdiction_unknown", field="jurisdiction_id", known=self.here.jurisdiction)


def call_of(request: Req, form: Format, *, trial: bool) -> Call:
    here = request.app.state.open311
    assert isinstance(here, Open311)
    raw = request.scope["query_string"].decode("ascii", "replace")
    query = {name: clean for name, text in parse_qsl(raw, errors="replace") if (clean := nfc(text))}
    return Call(request, here, form, pick(request.headers.get("accept-language")), query, trial)


def answer(form: Format, lang: Lang, root: str, item: str, value: Any, *, status: int = 200) -> Response[bytes]:
    said = render.xml(root, item, value) if form == "xml" else render.json(value)
    headers = {
        "Content-Type": f"{'text/xml' if form == 'xml' else 'application/json'}; charset=utf-8",
        "Content-Language": lang,
        "Vary": "Accept-Language",
        # Everything that can be read here is public and no cookie counts, so pages of others may read it.
        "Access-Control-Allow-Origin": "*",
    }
    return Response(said, status_code=status, headers=headers)
