"""The administrative report set as PDF by typst, in a process of its own: setting holds the interpreter, and fonts and
caches would stay.

What stands on it is data to typst, never code. Neither a time of making nor a font of the machine goes in: the same
figures give the same bytes.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import typst

from app.exports.columns import Row
from app.exports.model import Making

_SOURCE = Path(__file__).with_name("report.typ")


def render(page: dict[str, Any]) -> bytes:
    """``page``: ``pdf_content.content``."""
    pdf = typst.compile(
        str(_SOURCE),
        root=str(_SOURCE.parent),
        ignore_system_fonts=True,
        sys_inputs={"data": msgspec.json.encode(page).decode()},
    )
    assert isinstance(pdf, bytes)
    return pdf


def write(making: Making, rows: Iterable[list[Row]], path: Path) -> None:
    """Of the list of reports nothing is on it."""
    assert making.page is not None
    assert not list(rows)
    path.write_bytes(render(making.page))
