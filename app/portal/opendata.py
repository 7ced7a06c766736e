"""Open data for everybody: a page, a catalogue for other portals, and the files."""

import hashlib
from typing import Any

from litestar import Response, get
from litestar.params import FromPath
from msgspec import json

from app.opendata import service
from app.opendata.catalogue import catalogue
from app.opendata.files import COLUMNS
from app.opendata.model import FORMATS, LICENCES
from app.portal.context import Req, lang_of, open_to, portal, site_policy
from app.portal.render import show

HERE = "/opendata"
_ALWAYS_ASK = "public, no-cache"
"""Caches may keep it and must ask each time, so that nothing is given out any more once it is switched off."""


@get(HERE, **open_to("anyone"))
async def page(request: Req) -> Response[bytes]:
    lang = lang_of(request)
    found = await service.published(portal(request).parts.pool)
    headers = {"Cache-Control": _ALWAYS_ASK, "Vary": "Accept-Language, Cookie"} | site_policy(request)
    return show(
        lang,
        "opendata.html.j2",
        headers=headers,
        here=HERE,
        found=found,
        licence=LICENCES[found.settings.licence],
        columns=[name for name in COLUMNS if name != "text" or found.settings.options.texts],
        formats=FORMATS,
        number=lambda n: f"{n:,}".replace(",", ".") if lang == "vi" else f"{n:,}",
    )


@get(f"{HERE}/catalog.jsonld", **open_to("anyone"))
async def for_catalogues(request: Req) -> Response[bytes]:
    parts = portal(request).parts
    found = await service.published(parts.pool)
    said = json.encode(
        catalogue(found, parts.gazetteer, parts.rules.province_code, f"{parts.settings.public_url}{HERE}")
    )
    headers = _headers(hashlib.sha256(said).hexdigest())
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers)
    return Response(said, media_type="application/ld+json", headers=headers)


def _headers(digest: str) -> dict[str, str]:
    return {"ETag": f'"{digest}"', "Cache-Control": _ALWAYS_ASK, "Access-Control-Allow-Origin": "*"}


@get(f"{HERE}/{{name:str}}", **open_to("anyone"))
async def file(request: Req, name: FromPath[str]) -> Response[Any]:
    parts = portal(request).parts
    version, kind = service.file_of(await service.published(parts.pool), name)
    headers = _headers(version.files[kind].sha256)
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers)
    data = await service.read(parts.objects, version, kind)
    headers["Content-Disposition"] = f'attachment; filename="phan-anh-{version.key}-v{version.version}.{kind}"'
    return Response(data, media_type=FORMATS[kind], headers=headers)


ROUTES = [page, for_catalogues, file]
