"""Posters with a QR code that opens the bot, as PDF: one page each, big words, Vietnamese first.

Set by typst (PyPI), its data as JSON; codes by segno; the font comes from a package, so a page looks the same wherever
it is made.
"""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import fontpkg_be_vietnam_pro
import msgspec
import segno
import typst
from msgspec import Struct

from app.i18n import t

Paper = Literal["a5", "a4"]
_SOURCE = Path(__file__).with_name("poster.typ")
_FONTS = Path(fontpkg_be_vietnam_pro.__file__).with_name("files")


class Poster(Struct, frozen=True, kw_only=True):
    """``telegram``, ``zalo``: what the codes lead to. ``about`` and ``where``: lines of their own, "" for none."""

    telegram: str
    zalo: str = ""
    about: str = ""
    where: str = ""


def render(posters: Sequence[Poster], paper: Paper = "a5") -> bytes:
    """A PDF with a page for each poster, in order."""
    pdf = _set(posters, paper, "pdf")
    assert isinstance(pdf, bytes)
    return pdf


def _set(posters: Sequence[Poster], paper: Paper, form: Literal["pdf", "png"]) -> bytes | list[bytes]:
    data = {
        "paper": paper,
        "title": t("posters.head", "vi").replace("\n", " "),
        "posters": [_page(poster) for poster in posters],
    }
    pages: bytes | list[bytes] = typst.compile(
        str(_SOURCE),
        format=form,
        font_paths=[str(_FONTS)],
        ignore_system_fonts=True,
        sys_inputs={"data": msgspec.json.encode(data).decode()},
    )
    return pages


def _page(poster: Poster) -> dict[str, Any]:
    codes = [{"name": "Telegram", "svg": _svg(poster.telegram)}]
    if poster.zalo:
        codes.append({"name": "Zalo", "svg": _svg(poster.zalo)})
    return {
        "head_vi": t("posters.head", "vi"),
        "head_en": t("posters.head", "en"),
        "about": poster.about,
        "where": poster.where,
        "codes": codes,
        "steps": [{"vi": t(f"posters.step_{n}", "vi"), "en": t(f"posters.step_{n}", "en")} for n in (1, 2, 3)],
        "urgent_vi": t("posters.urgent", "vi"),
        "urgent_en": t("posters.urgent", "en"),
    }


def _svg(address: str) -> str:
    """With much redundancy: posters get wet, bleached and scratched."""
    file = io.BytesIO()
    segno.make_qr(address, error="q").save(file, kind="svg", border=4, omitsize=True)
    return file.getvalue().decode()
