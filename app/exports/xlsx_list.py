"""The workbook's list of reports: rows by the hundred thousand.

xlsxwriter makes a call and a dozen objects of each cell, which takes eleven seconds for a hundred thousand rows. Here
the rows' XML is written into the file in which it keeps a sheet's rows (``constant_memory``), a piece at a time and
column by column, in one. Words that come again and again stand in the workbook's table of strings: that halves what has
to be compressed.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import cache, partial
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
_EPOCH = date(1899, 12, 30)
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
    ends = [_ends(sheet, name, looks[COLUMNS[name].kind]._get_xf_index()) for name in making.columns]  # noqa: SLF001  # as below
    _pour(sheet, ends, rows)
    sheet.autofilter(0, 0, max(making.provenance.count, 1), len(making.columns) - 1)


Ends = Callable[[Sequence[Any]], Iterable[str]]
"""What follows a cell's address, for a column's values one below the other."""
_EMPTY = "/>"


def _pour(sheet: Any, ends: list[Ends], rows: Iterable[list[Row]]) -> None:
    """The version of xlsxwriter is locked, and what comes out is read by openpyxl in the tests."""
    sheet._write_single_row(1)  # noqa: SLF001  # the head, before what follows it
    cells = "".join(f'<c r="{xl_col_to_name(at)}{{0}}"{{{at + 1}}}' for at in range(len(ends)))
    line = f'<row r="{{0}}">{cells}</row>'.format
    last = 1
    for some in rows:
        columns = [end(values) for end, values in zip(ends, zip(*some, strict=True), strict=True)]
        sheet.row_data_fh.write("".join(map(line, range(last + 1, last + 1 + len(some)), *columns)))
        last += len(some)
    sheet.previous_row = last
    sheet.dim_rowmax, sheet.dim_colmax = last - 1, max(sheet.dim_colmax or 0, len(ends) - 1)


def _ends(sheet: Any, name: str, look: int) -> Ends:
    number = f' s="{look}"><v>%s</v></c>'

    def counted(values: Sequence[int | None]) -> list[str]:
        return [_EMPTY if value is None else number % value for value in values]

    def moments(values: Sequence[str | None]) -> list[str]:
        return [_EMPTY if at is None else number % (_day(at[:10]) + _time(at[11:])) for at in values]

    def unlike(values: Sequence[str | None]) -> list[str]:
        return [_EMPTY if text is None else inline % _said(text) for text in values]

    @cache
    def shared(text: str | None) -> str:
        if text is None:
            return _EMPTY
        place = sheet.str_table._get_shared_string_index(_plain(text))  # noqa: SLF001  # as above
        return f' s="{look}" t="s"><v>{place}</v></c>'

    inline = f' s="{look}" t="inlineStr"><is>%s</is></c>'
    ways: dict[str, Ends] = {"count": counted, "moment": moments, "free": unlike, "text": partial(map, shared)}
    return unlike if name == "code" else ways[COLUMNS[name].kind]


@cache
def _day(day: str) -> str:
    """Days since the end of 1899, as spreadsheets count."""
    return str((date.fromisoformat(day) - _EPOCH).days)


@cache
def _time(time: str) -> str:
    """What of a day has passed, from the point on."""
    hours, minutes, seconds = map(int, time.split(":"))
    return f"{((hours * 60 + minutes) * 60 + seconds) / 86400:.10f}"[1:]


def _plain(text: str) -> str:
    """However it begins, the cell says that it is a string. It is defused all the same, for whoever saves it as CSV."""
    return str(defused(text))[:_LONGEST]


def _said(text: str) -> str:
    """With its tags."""
    text = _plain(text)
    space = ' xml:space="preserve"' if text != text.strip() else ""
    return f"<t{space}>{_ODD.sub(_written, text)}</t>"


def _written(odd: re.Match[str]) -> str:
    if len(odd[0]) > 1:  # would be read as the sign with this number
        return f"_x005F{odd[0]}"
    return _MARKS.get(odd[0], "")
