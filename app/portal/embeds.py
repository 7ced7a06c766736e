"""What a commune puts on its own website: a button that leads here, and a map of what is published; and the page where
its web editor finds the lines for it.

Both are pages for a frame without rights (``sandbox``): no cookie is read or set in it, nothing personal is shown, and
whoever wants to send a report does it in a new tab of ours. They alone may be framed by others.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import shapely
from litestar import Response, get
from markupsafe import Markup
from msgspec import Struct

from app.casefile.words import category_name
from app.i18n import DEFAULT, LANGS, Lang, t
from app.portal.browse import commune_of, communes_of, dots, groups_of
from app.portal.context import Req, lang_of, open_to, portal, site_policy
from app.portal.render import show

HERE = "/embeds"
FRAMES = "/embed"
_AROUND = 0.06
"""Degrees, some 6 km."""
_KEPT = "public, max-age=600"
_ANYWHERE = "https: http:"
_RIGHTS = "allow-popups allow-popups-to-escape-sandbox"
"""New tabs, which are ordinary ones."""


class Kind(Struct, frozen=True):
    """``width`` and ``height``: as HTML has them. ``rights``: of the frame."""

    name: str
    width: str
    height: str
    rights: str


KINDS = (Kind("button", "300", "72", _RIGHTS), Kind("map", "100%", "520", f"allow-scripts {_RIGHTS}"))


class About(Struct, frozen=True):
    """What an embed is about. "" is all; what nobody knows any more is left out, for snippets stay where they are."""

    commune: str
    category: str
    commune_name: str
    category_name: str

    @property
    def asked(self) -> dict[str, str]:
        return {name: said for name, said in (("commune", self.commune), ("category", self.category)) if said}


def _about(request: Req, lang: Lang) -> About:
    rules, category = portal(request).parts.rules, request.query_params.get("category", "")
    commune = commune_of(request, request.query_params.get("commune", ""))
    known = category in rules.categories
    return About(
        commune.code if commune else "",
        category if known else "",
        commune.full_name if commune else "",
        category_name(rules, category, lang) if known else "",
    )


def _lang(request: Req) -> Lang:
    """The snippet says it: in a frame nobody's choice is known."""
    return next((lang for lang in LANGS if lang == request.query_params.get("lang")), DEFAULT)


def _policy(request: Req) -> dict[str, str]:
    tiles = portal(request).parts.settings.tiles
    said = (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; "
        f"form-action 'none'; img-src 'self' data:{' ' + tiles.origin if tiles else ''}; frame-ancestors {_ANYWHERE}"
    )
    return {"Content-Security-Policy": said, "Cache-Control": _KEPT}


def _linked(path: str, asked: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(asked)}" if asked else path


@get(f"{FRAMES}/button", **open_to("anyone"))
async def button(request: Req) -> Response[bytes]:
    lang = _lang(request)
    about = _about(request, lang)
    return show(
        lang,
        "embed_button.html.j2",
        headers=_policy(request),
        about=about,
        send=_linked("/", about.asked | {"lang": lang}),
    )


@get(f"{FRAMES}/map", **open_to("anyone"))
async def published(request: Req) -> Response[bytes]:
    here, lang = portal(request), _lang(request)
    about, province = _about(request, lang), here.parts.rules.province_code
    outline = await here.outlines.of(province)
    return show(
        lang,
        "embed_map.html.j2",
        headers=_policy(request),
        about=about,
        send=_linked("/", about.asked | {"lang": lang}),
        listed=_linked("/reports", about.asked | {"lang": lang}),
        points=_linked(f"{FRAMES}/points", about.asked | {"lang": lang}),
        areas=f"/map/{outline.version}/{province}",
        focus=_focus(request, about.commune),
        tiles=here.parts.settings.tiles,
    )


def _focus(request: Req, code: str) -> str:
    """South, west, north and east of a commune; a box around its centre where its boundary is not known; "" for all."""
    gazetteer = portal(request).parts.gazetteer
    commune, shape = gazetteer.commune(code) if code else None, gazetteer.boundary(code) if code else None
    if commune is None:
        return ""
    around = (commune.lon - _AROUND, commune.lat - _AROUND, commune.lon + _AROUND, commune.lat + _AROUND)
    west, south, east, north = around if shape is None else shapely.bounds(shape)
    return f"{south:.4f},{west:.4f},{north:.4f},{east:.4f}"


@get(f"{FRAMES}/points", **open_to("anyone"))
async def points(request: Req) -> Response[Any]:
    """The dots of ``/reports/points``, for a frame that is nobody's origin."""
    found = await dots(request, _lang(request))
    return Response(found, headers={"Cache-Control": "public, max-age=60", "Access-Control-Allow-Origin": "*"})


@get(HERE, **open_to("anyone"))
async def editors_page(request: Req) -> Response[bytes]:
    lang = lang_of(request)
    params, chosen = request.query_params, _about(request, lang)
    kind = next((each for each in KINDS if each.name == params.get("kind")), KINDS[0])
    theirs = next((each for each in LANGS if each == params.get("lang")), lang)
    path = _linked(f"{FRAMES}/{kind.name}", chosen.asked | {"lang": theirs})
    return show(
        lang,
        "embeds.html.j2",
        headers=site_policy(request),
        here=HERE,
        kinds=KINDS,
        kind=kind,
        theirs=theirs,
        about=chosen,
        path=path,
        snippet=_snippet(kind, portal(request).parts.settings.public_url + path, theirs),
        groups=groups_of(request, lang),
        communes=communes_of(request),
    )


def _snippet(kind: Kind, address: str, lang: Lang) -> str:
    """The line for another website."""
    return Markup(
        '<iframe src="{}" title="{}" width="{}" height="{}" style="border:0" loading="lazy" sandbox="{}"></iframe>'
    ).format(address, t(f"embeds.{kind.name}_title", lang), kind.width, kind.height, kind.rights)


ROUTES = [button, published, points, editors_page]
