"""The list as CSV (RFC 4180): UTF-8 with a byte order mark, lines ended by CR LF.

Separated by commas, because that is what programs expect and what a spreadsheet takes where Windows is set to
Vietnamese or English. For the same reason no value depends on how a machine writes numbers or dates: moments are
``2026-11-27 14:05:00``, durations whole minutes, a place is one cell of text. Who wants to work in a spreadsheet takes
the workbook.

A cell of people's own words that a spreadsheet would take for a formula begins with an apostrophe.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from app.exports.columns import COLUMNS, Row
from app.exports.model import Making
from app.i18n import Lang

BOM = "\ufeff"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_QUOTES = "'\"`"


def write(making: Making, rows: Iterable[list[Row]], path: Path) -> None:
    with path.open("wb") as out:
        out.write(head(making.columns, making.provenance.lang))
        for some in rows:
            out.write(lines(making.columns, some))


def head(columns: Sequence[str], lang: Lang) -> bytes:
    """The file's first line."""
    return (BOM + _written([[COLUMNS[name].title(lang) for name in columns]])).encode()


def lines(columns: Sequence[str], rows: list[Row]) -> bytes:
    free = [at for at, name in enumerate(columns) if COLUMNS[name].kind == "free"]
    for row in rows:
        for at in free:
            row[at] = defused(row[at])
    return _written(rows).encode()


def defused(value: Any) -> Any:
    """Programs that tidy cells drop spaces and quotes before they look for a formula."""
    risky = isinstance(value, str) and value.lstrip(" \u00a0" + _QUOTES).startswith(_FORMULA)
    return f"'{value}" if risky else value


def _written(rows: Sequence[Sequence[Any]]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue()
