"""What may be read of a message on a locked screen, by whoever holds the telephone: no more than anybody learns from
the report's code. Pure."""

from collections.abc import Sequence

from app.history.model import Kind
from app.i18n import Lang, t
from app.notify.digest import Line
from app.notify.model import Glance
from app.notify.templates import Told
from app.reports.model import Status

_ASKED = (Kind.ASKED, "reminded_question")
_RESULT = (Kind.RESOLVED, "reminded_rating")
_NEWS = (Kind.PROGRESS, Kind.EXTENSION_GRANTED, Kind.RESUMED, Kind.SPLIT)
"""After these a report stands as it stood before."""


def of(template: str, lang: Lang, told: Told) -> Glance:
    """Of a message about one report, by the code under which the person knows it."""
    code = told.own_code or told.followed or told.report.code
    if template in _ASKED:
        says = t("push.glance_asked", lang)
    elif template in _RESULT:
        says = t("push.glance_result", lang)
    elif template in _NEWS:
        says = t("push.glance_news", lang)
    else:
        says = _stands(told.report.status, lang)
    return Glance(t("push.glance_title", lang, code=code), says, f"/r/{code}", code, str(told.report.status))


def of_many(reports: Sequence[Line], lang: Lang) -> Glance:
    """Of a digest's lines; where all are of a single report, as of this."""
    lines = {line.report_id: line for line in reports}
    if len(lines) == 1:
        (line,) = lines.values()
        title, says = t("push.glance_title", lang, code=line.code), _stands(line.status, lang)
        return Glance(title, says, f"/r/{line.code}", line.code, str(line.status))
    return Glance(t("portal.name", lang), t("push.glance_many", lang, count=len(lines)), "/mine")


def _stands(status: Status, lang: Lang) -> str:
    return t("push.glance_status", lang, status=t(f"reports.status_{status}", lang))
