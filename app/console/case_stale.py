"""When somebody was faster: what this person saw, what it is now, and what happened in between."""

import msgspec
from msgspec import Struct

from app.casefile.model import CaseFile
from app.casefile.words import category_name, status_word
from app.console.case_view import Reader, Step, timeline
from app.console.words import when
from app.i18n import t
from app.reports.model import Report, Status, Urgency


class Seen(Struct, frozen=True):
    """What stood on the page that a form was sent from; the form brings it along. It decides nothing: it is only shown
    to the very person who sent it. ``seq``: of the last event; the rest as in ``Report``."""

    seq: int
    status: Status
    category: str = ""
    commune: str = ""
    agency: str = ""
    assignee: str = ""
    urgency: Urgency = "normal"
    due: str = ""
    visibility: str = ""
    published: bool = False
    tags: tuple[str, ...] = ()
    extension: str = ""


class Changed(Struct, frozen=True):
    """A field in words, as it was and as it is."""

    field: str
    before: str
    now: str


class Stale(Struct, frozen=True):
    """``steps``: what others did meanwhile, newest first; none when it is not known what this person saw."""

    steps: list[Step]
    changed: list[Changed]
    allowed: bool


def seen_of(case: CaseFile) -> str:
    """What a form brings along, as JSON."""
    return msgspec.json.encode(_seen(case, case.report)).decode()


def _seen(case: CaseFile, report: Report) -> Seen:
    return Seen(
        report.last_seq,
        report.status,
        report.category,
        report.commune_name,
        report.agency_id,
        case.names.get(report.assignee_id, "?") if report.assignee_id else "",
        report.urgency,
        when(report.due_at),
        report.visibility,
        report.published_at is not None,
        report.tags,
        when(report.extension_wanted) if report.extension_wanted else "",
    )


def read_seen(given: str) -> Seen | None:
    try:
        return msgspec.json.decode(given[:4000], type=Seen)
    except (msgspec.DecodeError, UnicodeError):
        return None


def stale(case: CaseFile, reader: Reader, seen: Seen | None, *, allowed: bool) -> Stale:
    """``allowed``: what was wanted may still be done."""
    if seen is None:
        return Stale([], [], allowed)
    before, now = _words(seen, reader), _words(_seen(case, case.report), reader)
    changed = [
        Changed(t(f"case.field_{name}", reader.lang), before[name], now[name])
        for name in now
        if before[name] != now[name]
    ]
    return Stale([step for step in timeline(case, reader) if step.seq > seen.seq], changed, allowed)


def _words(seen: Seen, reader: Reader) -> dict[str, str]:
    lang = reader.lang
    return {
        "status": status_word(seen.status, lang),
        "category": category_name(reader.rules, seen.category, lang),
        "commune": seen.commune,
        "agency": reader.agency(seen.agency),
        "assignee": seen.assignee or t("case.nobody", lang),
        "urgency": t(f"console.urgency_{seen.urgency}", lang),
        "due": seen.due,
        "visibility": t("case.private", lang) if seen.visibility == "private" else t("case.not_private", lang),
        "published": t("case.published" if seen.published else "case.not_published", lang),
        "tags": ", ".join(seen.tags) or "–",
        "extension": seen.extension or "–",
    }
