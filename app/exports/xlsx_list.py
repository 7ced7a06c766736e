"""The workbook's list of reports: rows by the hundred thousand.

xlsxwriter makes a call and a dozen objects of each cell, which takes eleven seconds for a hundred thousand rows. Here
the rows' XML is written into the file in which it keeps a sheet's rows (``constant_memory``), in the same form, in two.
"""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from xlsxwriter.utility import xl_col_to_name

from app.exports.columns import COLUMNS, Row
from app.exports.csv_file import defused
from app.exports.model import Making
from app.exports.summary import Summary
from app.i18n import t

_WIDTHS = {
    "code": 15, "channel": 14, "category": 28, "commune": 22, "agency": 34, "status": 16, "timeliness": 19,
    "rating": 13, "words": 70, "address": 30, "place": 22,
}  # fmt: skip
_MOMENT, _COUNT = 16.5, 10
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  # a spreadsheet's clock has no zone
_LONGEST = 32767
"""Characters of a cell."""
_ODD = re.compile(r"[&<>\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_x[0-9A-Fa-f]{4}_")
"""What XML has no place for, or reads as something else."""
_MARKS = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def write_list(file: Any, making: Making, rows: Iterable[list[Row]], summary: Summary) -> None:
    from app.exports.xlsx import printed

    sheet = file.add_worksheet(t("exports.sheet_list", summary.lang))
    printed(sheet, summary, landscape=True, wide=2)
    font = {"font_name": "Times New Roman", "font_size": 11}
    head = file.add_format(font | {
        "bold": True, "border": 1, "border_color": "#b8c4be", "text_wrap": True, "align": "center", "valign": "vcenter",
        "bg_color": "#0b6b5d", "font_color": "#ffffff",
    })  # fmt: skip
    looks = {
        "text": file.add_format(font | {"valign": "top"}),
        "free": file.add_format(font | {"valign": "top", "text_wrap": True}),
        "moment": file.add_format(font | {"valign": "top", "num_format": "dd/mm/yyyy hh:mm", "align": "center"}),
        "count": file.add_format(font | {"valign": "top", "num_format": "#,##0"}),
    }
    for at, name in enumerate(making.columns):
        usual = _MOMENT if COLUMNS[name].kind == "moment" else _COUNT
        sheet.set_column(at, at, _WIDTHS.get(name, usual))
        sheet.write_string(0, at, COLUMNS[name].title(summary.lang), head)
    sheet.set_row(0, 34)
    sheet.freeze_panes(1, 1)
    sheet.repeat_rows(0)
    _pour(sheet, making, rows, {kind: look._get_xf_index() for kind, look in looks.items()})  # noqa: SLF001  # as below
    sheet.autofilter(0, 0, max(making.provenance.count, 1), len(making.columns) - 1)


def _pour(sheet: Any, making: Making, rows: Iterable[list[Row]], looks: dict[str, int]) -> None:
    """The version of xlsxwriter is locked, and what comes out is read by openpyxl in the tests."""
    sheet._write_single_row(1)  # noqa: SLF001  # the head, before what follows it
    kinds = [COLUMNS[name].kind for name in making.columns]
    ways: list[Callable[[int, Any], str]] = [
        _way(xl_col_to_name(at), kind, looks[kind]) for at, kind in enumerate(kinds)
    ]
    number = 1
    for some in rows:
        lines = []
        for row in some:
            number += 1
            cells = [way(number, value) for way, value in zip(ways, row, strict=True) if value is not None]
            lines.append(f'<row r="{number}">{"".join(cells)}</row>')
        sheet.row_data_fh.write("".join(lines))
    sheet.previous_row = number
    sheet.dim_rowmax, sheet.dim_colmax = number - 1, max(sheet.dim_colmax or 0, len(kinds) - 1)


def _way(column: str, kind: str, look: int) -> Callable[[int, Any], str]:
    """How a cell of this column is written, for the number of its row and its value."""
    if kind == "count":
        return lambda row, value: f'<c r="{column}{row}" s="{look}"><v>{value}</v></c>'
    if kind == "moment":
        return lambda row, value: f'<c r="{column}{row}" s="{look}"><v>{_serial(value):.10f}</v></c>'
    open_, close = '<is><t xml:space="preserve">', "</t></is></c>"
    return lambda row, value: f'<c r="{column}{row}" s="{look}" t="inlineStr">{open_}{_said(value)}{close}'


def _serial(moment: str) -> float:
    """Days since the end of 1899, as spreadsheets count."""
    past = datetime.fromisoformat(moment) - _EPOCH
    return past.days + past.seconds / 86400


def _said(text: str) -> str:
    """However it begins, the cell says that it is a string. It is defused all the same, for whoever saves it as CSV."""
    text = str(defused(text))[:_LONGEST]
    return _ODD.sub(_written, text)


def _written(odd: re.Match[str]) -> str:
    if len(odd[0]) > 1:  # would be read as the sign with this number
        return f"_x005F{odd[0]}"
    return _MARKS.get(odd[0], "")
