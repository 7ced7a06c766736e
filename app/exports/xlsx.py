"""The workbook: a summary with the national header, the figures by agency, category, commune and channel, their course,
the list of reports, and what it was made from. For people who work in a spreadsheet and print from it.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import xlsxwriter
import xlsxwriter.workbook

from app.exports.columns import Row
from app.exports.model import Making
from app.exports.summary import BY, Summary, Values
from app.exports.xlsx_list import write_list
from app.i18n import t
from app.routing.calendar import VIETNAM
from app.stats.measures import FIGURES, Figure

_FONT = "Times New Roman"
"""As Nghị định 30/2020/NĐ-CP has it for documents of the administration."""
_BRAND = "#0b6b5d"
_LINES: dict[str, Any] = {"border": 1, "border_color": "#b8c4be"}
_FORMATS = {"reports": "#,##0", "percent": "0.0%", "hours": "#,##0.0", "days": "#,##0.0"}
_CHARTED = 10
"""Groups in a chart."""
_LEVEL = 2
"""Of compression: a fifth larger than at the usual one, in a third of its time, which is a third of the whole."""


def write(making: Making, rows: Iterable[list[Row]], path: Path) -> None:
    summary = making.summary
    assert summary is not None
    xlsxwriter.workbook.ZipFile = partial(ZipFile, compresslevel=_LEVEL)  # there is no option for it
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(path, options) as file:
        file.set_properties({
            "title": f"{summary.title}. {summary.period}",
            "author": summary.issuer,
            "created": summary.as_of.astimezone(UTC).replace(tzinfo=None),
        })  # fmt: skip
        book = _Book(file, summary)
        book.front()
        for by in BY:
            book.table(by)
        book.course()
        write_list(file, making, rows, summary)
        book.sources()


class _Book:
    """The sheets of one summary; ``_formats`` makes each look once."""

    def __init__(self, file: Any, summary: Summary) -> None:
        self._file, self._summary, self._lang = file, summary, summary.lang
        self._made: dict[tuple[tuple[str, Any], ...], Any] = {}

    def _look(self, **look: Any) -> Any:
        key = tuple(sorted(look.items()))
        if key not in self._made:
            self._made[key] = self._file.add_format({"font_name": _FONT, "font_size": 11, "valign": "vcenter"} | look)
        return self._made[key]

    def _head(self) -> Any:
        return self._look(bold=True, **_LINES, text_wrap=True, align="center", bg_color=_BRAND, font_color="#ffffff")

    def _cell(self, figure: Figure, *, bold: bool = False) -> Any:
        return self._look(num_format=_FORMATS[figure.unit], bold=bold, indent=1, align="right", **_LINES)

    def _sheet(self, name: str, *, landscape: bool = True) -> Any:
        sheet = self._file.add_worksheet(t(f"exports.sheet_{name}", self._lang))
        printed(sheet, self._summary, landscape=landscape, wide=3 if landscape else 1)
        return sheet

    # ------------------------------------------------------------ summary

    def front(self) -> None:
        """The summary, as an administrative paper begins."""
        sheet, said = self._sheet("summary", landscape=False), self._summary
        for column, width in enumerate((34, 15, 15, 13, 15, 11)):
            sheet.set_column(column, column, width)
        middle = {"align": "center", "font_size": 12}
        sheet.merge_range(0, 0, 0, 1, said.issuer.upper(), self._look(**middle, bold=True, text_wrap=True))
        sheet.merge_range(0, 2, 0, 5, t("exports.republic", "vi"), self._look(**middle, bold=True))
        sheet.set_row(0, 34)
        sheet.merge_range(1, 2, 1, 5, t("exports.motto", "vi"), self._look(**middle, bold=True, underline=1))
        title = self._look(align="center", bold=True, font_size=15, text_wrap=True)
        sheet.merge_range(3, 0, 3, 5, said.title.upper(), title)
        sheet.set_row(3, 26)
        sheet.merge_range(4, 0, 4, 5, said.period, self._look(align="center", italic=True, font_size=12))
        row = 5
        for name, words in (*said.filters, (t("exports.as_of", self._lang), moment(said.as_of))):
            line = self._look(align="center", text_wrap=True, font_color="#444444")
            sheet.merge_range(row, 0, row, 5, f"{name}: {words}", line)
            sheet.set_row(row, 16 * (1 + len(words) // 95))
            row += 1
        self._totals(sheet, row + 1)

    def _totals(self, sheet: Any, first: int) -> None:
        heads = ("figure", "this_period", "before", "change", "year_ago", "unit")
        for column, name in enumerate(heads):
            sheet.write_string(first, column, t(f"exports.head_{name}", self._lang), self._head())
        sheet.set_row(first, 34)
        for row, total in enumerate(self._summary.totals, first + 1):
            sheet.set_row(row, 18)
            figure = FIGURES[total.figure]
            sheet.write_string(row, 0, figure.title(self._lang), self._look(**_LINES, text_wrap=True, indent=1))
            change = None if total.value is None or total.before is None else total.value - total.before
            for column, value in ((1, total.value), (2, total.before), (4, total.year_ago)):
                number(sheet, row, column, figure, value, self._cell(figure, bold=column == 1))
            # The difference of shares is one of percentage points, which is no share.
            signed = "+#,##0.0;-#,##0.0;0" if figure.unit != "reports" else "+#,##0;-#,##0;0"
            look = self._look(num_format=signed, **_LINES, font_color="#444444", indent=1, align="right")
            _write(sheet, row, 3, change, look)
            unit = "%" if figure.unit == "percent" else t(f"exports.unit_{figure.unit}", self._lang)
            sheet.write_string(row, 5, unit, self._look(**_LINES, align="center"))
        after = first + len(self._summary.totals) + 2
        note = self._look(italic=True, font_color="#444444", text_wrap=True, font_size=10, valign="top")
        words = t(
            "exports.compared_with", self._lang, before=self._summary.period_before, ago=self._summary.period_year_ago
        )
        sheet.merge_range(after, 0, after, 5, words, note)
        sheet.set_row(after, 30)
        if self._summary.trend:
            sheet.insert_chart(after + 2, 0, self._course_chart(), {"x_scale": 1.45, "y_scale": 1.05})

    def _course_chart(self) -> Any:
        """Received and handled, step by step, from the sheet that has their course."""
        chart = self._file.add_chart({"type": "line"})
        sheet, last = t("exports.sheet_course", self._lang), len(self._summary.trend)
        for column, colour in ((1, _BRAND), (2, "#7a9e1f")):
            chart.add_series({
                "name": [sheet, 0, column], "categories": [sheet, 1, 0, last, 0],
                "values": [sheet, 1, column, last, column], "line": {"color": colour, "width": 2},
                "marker": {"type": "circle", "size": 4, "fill": {"color": colour}},
            })  # fmt: skip
        chart.set_title({"name": t("exports.chart_course", self._lang), "name_font": {"size": 12, "name": _FONT}})
        chart.set_legend({"position": "bottom"})
        chart.set_y_axis(
            {"min": 0, "num_format": "#,##0", "major_gridlines": {"visible": True, "line": {"color": "#dddddd"}}}
        )
        return chart

    # ------------------------------------------------------------ tables

    def table(self, by: Any) -> None:
        """All figures of each group, the whole first; below it what most was received of, as a chart."""
        sheet, lines = self._sheet(by), self._summary.table(by).lines
        self._columns(sheet, t(f"exports.by_{by}", self._lang), 38)
        self._row(
            sheet, 1, t("exports.all", self._lang), {one.figure: one.value for one in self._summary.totals}, bold=True
        )
        for row, line in enumerate(lines, 2):
            self._row(sheet, row, line.name, line.values)
        sheet.freeze_panes(1, 1)
        if lines:
            sheet.autofilter(0, 0, len(lines) + 1, len(FIGURES))
            sheet.insert_chart(
                len(lines) + 3, 0, self._bars(by, min(len(lines), _CHARTED)), {"x_scale": 1.9, "y_scale": 1.3}
            )

    def _bars(self, by: Any, count: int) -> Any:
        sheet = t(f"exports.sheet_{by}", self._lang)
        chart = self._file.add_chart({"type": "bar"})
        for name, colour in (("received", _BRAND), ("handled", "#7a9e1f"), ("overdue", "#b45f06")):
            column = 1 + list(FIGURES).index(name)
            chart.add_series({
                "name": [sheet, 0, column], "categories": [sheet, 2, 0, count + 1, 0],
                "values": [sheet, 2, column, count + 1, column], "fill": {"color": colour}, "gap": 60,
            })  # fmt: skip
        chart.set_title({"name": t("exports.chart_groups", self._lang), "name_font": {"size": 12, "name": _FONT}})
        chart.set_legend({"position": "bottom"})
        chart.set_y_axis({"reverse": True})
        chart.set_x_axis(
            {"min": 0, "num_format": "#,##0", "major_gridlines": {"visible": True, "line": {"color": "#dddddd"}}}
        )
        return chart

    def course(self) -> None:
        """The figures of each step of the period: what the summary's chart shows."""
        sheet = self._sheet("course")
        names = ("received", "handled", *(name for name in FIGURES if name not in ("received", "handled")))
        self._columns(sheet, t("exports.head_step", self._lang), 14, names)
        for row, point in enumerate(self._summary.trend, 1):
            self._row(sheet, row, point.title, point.values, names)
        sheet.freeze_panes(1, 1)

    def _columns(self, sheet: Any, first: str, width: int, names: Iterable[str] = FIGURES) -> None:
        sheet.set_column(0, 0, width)
        sheet.set_column(1, len(FIGURES), 11.5)
        sheet.set_row(0, 48)
        sheet.write_string(0, 0, first, self._head())
        for column, name in enumerate(names, 1):
            sheet.write_string(0, column, FIGURES[name].title(self._lang), self._head())
        sheet.repeat_rows(0)
        sheet.repeat_columns(0)

    def _row(
        self, sheet: Any, row: int, name: str, values: Values, names: Iterable[str] = FIGURES, *, bold: bool = False
    ) -> None:
        sheet.write_string(row, 0, name, self._look(**_LINES, bold=bold, text_wrap=True, indent=1))
        for column, figure in enumerate((FIGURES[each] for each in names), 1):
            number(sheet, row, column, figure, values.get(figure.name), self._cell(figure, bold=bold))

    # ------------------------------------------------------------ where it comes from

    def sources(self) -> None:
        """The question, "as of", the rules, how many rows, and what each figure means."""
        sheet, said = self._sheet("sources", landscape=False), self._summary
        sheet.set_column(0, 0, 30)
        sheet.set_column(1, 1, 74)
        key, value = self._look(bold=True, valign="top"), self._look(text_wrap=True, valign="top")
        lines = [
            (t("exports.period", self._lang), said.period),
            *said.filters,
            (t("exports.as_of", self._lang), moment(said.as_of)),
            (t("exports.question", self._lang), said.query),
            (t("exports.rule_set", self._lang), said.rule_set),
            (t("exports.count", self._lang), str(said.count)),
            (t("exports.digest", self._lang), t("exports.digest_says", self._lang)),
            ("", ""),
            *((figure.title(self._lang), figure.says(self._lang)) for figure in FIGURES.values()),
        ]
        for row, (name, words) in enumerate(lines):
            sheet.write_string(row, 0, name, key)
            sheet.write_string(row, 1, words, value)


def printed(sheet: Any, summary: Summary, *, landscape: bool, wide: int = 1) -> None:
    """A4, so many pages wide, with what it is on top and the page's number below."""
    sheet.set_paper(9)
    if landscape:
        sheet.set_landscape()
    sheet.fit_to_pages(wide, 0)
    sheet.set_margins(left=0.6, right=0.5, top=0.8, bottom=0.7)
    about = f"{summary.title} – {summary.period}".replace("&", "&&")
    sheet.set_header(f'&R&"{_FONT}"&9{about}')
    sheet.set_footer(f'&C&"{_FONT}"&9{t("exports.page", summary.lang)} &P/&N')


def number(sheet: Any, row: int, column: int, figure: Figure, value: float | None, look: Any) -> None:
    """A percentage as the fraction that spreadsheets show as one."""
    _write(sheet, row, column, value / 100 if value is not None and figure.unit == "percent" else value, look)


def _write(sheet: Any, row: int, column: int, value: float | None, look: Any) -> None:
    if value is None:
        sheet.write_string(row, column, "–", look)
    else:
        sheet.write_number(row, column, value, look)


def moment(at: datetime) -> str:
    return f"{at.astimezone(VIETNAM):%H:%M %d/%m/%Y}"
