"""The blocks that the administrative report is made of, as ``report.typ`` reads them. Pure."""

from collections.abc import Sequence
from typing import Any

Block = dict[str, Any]


def text(words: str) -> Block:
    return {"kind": "text", "words": words}


def sub(words: str) -> Block:
    """A heading within a part."""
    return {"kind": "sub", "words": words}


def number_column(name: str, width: float) -> Block:
    """``width`` in millimetres."""
    return {"name": name, "width": width, "number": True}


def words_column(name: str, width: float = 0) -> Block:
    """Without a width it takes what the others leave."""
    return {"name": name, "width": width, "number": False}


def table(caption: str, columns: Sequence[Block], rows: Sequence[Sequence[str]], total: Sequence[str] = ()) -> Block:
    return {"kind": "table", "caption": caption, "columns": list(columns), "rows": rows, "total": list(total)}


def numbered(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """With a number in front of each."""
    return [[str(at), *row] for at, row in enumerate(rows, 1)]


def columns_chart(
    caption: str, alt: str, names: Sequence[str], steps: Sequence[tuple[str, Sequence[int]]], most: str
) -> Block:
    """Columns side by side for each step. ``most``: the highest value, as it stands at the axis."""
    drawn = [{"name": name, "values": list(values)} for name, values in steps]
    return {"kind": "columns", "caption": caption, "alt": alt, "names": list(names), "most": most, "steps": drawn}


def shares_chart(caption: str, alt: str, parts: Sequence[tuple[str, int, str]]) -> Block:
    """One bar cut into parts: name, value, and share in words."""
    drawn = [{"name": name, "value": value, "share": share} for name, value, share in parts]
    return {"kind": "shares", "caption": caption, "alt": alt, "parts": drawn}


def bars_chart(caption: str, alt: str, rows: Sequence[tuple[str, int, str]]) -> Block:
    """A bar each: name, value, and the value in words."""
    drawn = [{"name": name, "value": value, "written": said} for name, value, said in rows]
    return {"kind": "bars", "caption": caption, "alt": alt, "rows": drawn}
