"""Several messages for one person as one: which reports have moved, where each stands, a button to open each. Pure."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from app.i18n import Lang, t
from app.notify.model import Button, Telling
from app.notify.templates import shortened
from app.reports.model import Status

_LINES = 20
_BUTTONS = 8
_ABOUT = 40


class Line(Struct, frozen=True):
    """A report of the digest as it stands now. ``about``: its first words, for its own reporter; else empty."""

    report_id: UUID
    code: str
    status: Status
    about: str


def telling(lines: Sequence[Line], lang: Lang) -> Telling:
    """Each report once, in the order in which they were told of."""
    reports = list({line.report_id: line for line in lines}.values())
    said = [t("notify.digest_head", lang)]
    for line in reports[:_LINES]:
        about = f": {shortened(line.about, _ABOUT)}" if line.about else ""
        status = t(f"reports.status_{line.status}", lang)
        said.append(t("notify.digest_line", lang, code=line.code, status=status, about=about))
    if len(reports) > _LINES:
        said.append(t("notify.digest_more", lang, count=len(reports) - _LINES))
    rows = tuple((Button(t("notify.digest_open", lang, code=r.code), f"t1|{r.code}"),) for r in reports[:_BUTTONS])
    return Telling("\n".join(said), (), rows)
