"""What a report of figures says in its message; the same by e-mail and in a chat. Pure."""

from collections.abc import Sequence

from msgspec import Struct

from app.exports.summary import Summary, Total
from app.i18n import Lang, t
from app.notify.mail import Line
from app.notify.templates import when
from app.schedules.model import Run
from app.stats.measures import FIGURES
from app.stats.written import written

_SAID = ("received", "handled", "on_time_rate", "late_rate", "open", "overdue", "satisfied_rate")
"""The figures in the message; all others are in the files and on the pages."""


class Words(Struct, frozen=True):
    """``lines``: one a paragraph. ``link``: the same figures on the pages; "" for whoever cannot open them."""

    subject: str
    lines: tuple[str, ...]
    link: str
    lang: Lang

    def mail_lines(self) -> list[Line]:
        lines = [Line(line) for line in self.lines]
        return [*lines, Line(t("schedules.see", self.lang), self.link)] if self.link else lines

    def chat_text(self) -> str:
        return "\n".join((f"📊 {self.subject}", "", *self.lines, *([self.link] if self.link else [])))


def words(name: str, run: Run, summary: Summary, *, owner: str, link: str, left_out: Sequence[str] = ()) -> Words:
    """``owner``: who has set it up. ``left_out``: what of the files did not come along, in words."""
    lang = summary.lang
    subject = t("schedules.subject", lang, name=name, period=summary.period)
    if run.late:
        subject = t("schedules.subject_late", lang, subject=subject)
    lines = [t("schedules.is_trial", lang)] if run.trial else []
    if run.late:
        lines.append(t("schedules.is_late", lang, due=when(run.due_at)))
    lines += [t("schedules.scope", lang, name=name_, what=what) for name_, what in summary.filters]
    lines += [_figure(total, lang) for total in _totals(summary)]
    lines += left_out
    lines.append(t("schedules.foot", lang, as_of=when(summary.as_of), owner=owner))
    return Words(subject, tuple(lines), link, lang)


def _totals(summary: Summary) -> list[Total]:
    by_name = {total.figure: total for total in summary.totals}
    return [by_name[name] for name in _SAID if name in by_name]


def _figure(total: Total, lang: Lang) -> str:
    figure = FIGURES[total.figure]
    now, before = (written(figure, value, lang) for value in (total.value, total.before))
    return t("schedules.figure", lang, name=figure.title(lang), now=now, before=before)
