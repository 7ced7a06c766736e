"""Pages from templates."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment
from litestar import Response

from app.i18n import Lang, t
from app.pages import templates_in
from app.portal.assets import address
from app.portal.footer import links

_PAGES = Path(__file__).parent / "pages"


@cache
def _templates() -> Environment:
    made = templates_in(_PAGES)
    made.globals |= {"asset": address, "footer_links": links}
    made.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
    return made


def show(
    lang: Lang, template: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **params: Any
) -> Response[bytes]:
    words = _templates().get_template(template).render(lang=lang, t=lambda key, **more: t(key, lang, **more), **params)
    said = {"Content-Language": lang, **(headers or {})}
    return Response(words.encode(), media_type="text/html", status_code=status, headers=said)
