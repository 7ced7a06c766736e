"""How a case looks in an officer's chat: one message with the words masked and nothing of who reported it. Pure."""

import re
from datetime import datetime

from msgspec import Struct

from app.history.model import Event, Kind
from app.i18n import Lang, t
from app.notify.model import Button
from app.notify.templates import when
from app.reports.masking import mask
from app.reports.model import Report, Status
from app.reports.workflow import WORK
from app.routing.ruleset import RuleSet

MARK, URGENT = "🗂", "🔴"
_MARKED = re.compile(rf"(?:{MARK}|{URGENT}) (PA-[0-9A-Z]{{4}}-[0-9A-Z]{{4}})")
_WORDS_MOST, _ADDRESS_MOST = 450, 150
"""With everything around them they fit under a photo (1024 characters)."""
_AGAIN = frozenset({Kind.REOPENED, Kind.DISPUTED, Kind.UNMERGED})


class Shown(Struct, frozen=True, kw_only=True):
    """A case as it is now. ``theirs``: it is still in the hands of those who read it. ``hushed``: it is private and a
    group reads along, so words, photo and exact place are left to private chats. ``map_link``: a pattern with ``{lat}``
    and ``{lon}``, or nothing."""

    report: Report
    agency: str
    assignee: str
    theirs: bool
    hushed: bool = False
    map_link: str = ""


def case_of(text: str) -> str | None:
    """The code of the case that one of our messages to staff is about; None for all other messages."""
    found = _MARKED.match(text)
    return found[1] if found else None


def heading(lang: Lang, report: Report, key: str) -> str:
    """The first line of everything that is said to staff about a case; ``case_of`` reads it."""
    urgent = report.urgency == "urgent"
    words = t(f"officers.{key}", lang)
    return f"{URGENT if urgent else MARK} {report.code} · {t('officers.urgent', lang) if urgent else ''}{words}"


def category_name(rules: RuleSet, category_id: str, lang: Lang) -> str:
    category = rules.categories.get(category_id)
    if category is None:
        return category_id
    return f"{category.icon} {(category.name_en if lang == 'en' else '') or category.name}".strip()


def where(report: Report, lang: Lang) -> str:
    """The place in words; a telephone number typed among them is nobody's business here."""
    parts = [_short(mask(report.address, lang), _ADDRESS_MOST), report.commune_name]
    return ", ".join(part for part in parts if part) or t("officers.place_unknown", lang)


def readable(words: str, lang: Lang, most: int = _WORDS_MOST) -> str:
    """What a citizen wrote, as an agency's group may read it."""
    return _short(mask(words, lang), most)


def card(rules: RuleSet, lang: Lang, shown: Shown, key: str = "card") -> str:
    """The case. ``key`` says in the first line what is new about it."""
    report = shown.report
    if not shown.theirs:
        return "\n".join((heading(lang, report, "card"), t("officers.elsewhere", lang, agency=shown.agency)))
    place = report.commune_name or t("officers.place_unknown", lang) if shown.hushed else where(report, lang)
    lines = [
        heading(lang, report, key),
        category_name(rules, report.category, lang),
        t("officers.hushed", lang) if shown.hushed else f"“{readable(report.body, lang)}”",
        f"📍 {place}{t('officers.about', lang) if report.place_approximate else ''}",
    ]
    if shown.map_link and not shown.hushed and report.lat is not None and report.lon is not None:
        lines.append(shown.map_link.format(lat=f"{report.lat:.6f}", lon=f"{report.lon:.6f}"))
    lines.append(_deadline(lang, report))
    if report.directed_due_at is not None:
        lines.append(t("officers.directed_due", lang, due=when(report.directed_due_at)))
    status = t(f"reports.status_{report.status}", lang)
    who = f" – {shown.assignee}" if shown.assignee else ""
    lines.append(t("officers.status_line", lang, status=status, who=who, agency=shown.agency))
    return "\n".join(lines)


def _deadline(lang: Lang, report: Report) -> str:
    if report.status is Status.AWAITING_INFO:
        return t("officers.clock_paused", lang)
    if report.status in (Status.SUBMITTED, Status.RECEIVED):
        return t("officers.intake_due", lang, due=when(report.intake_due_at))
    return t("officers.due", lang, due=when(report.due_at))


def buttons(lang: Lang, shown: Shown) -> tuple[tuple[Button, ...], ...]:
    """What may be done with it here. Whoever presses is asked for their right to it all the same."""
    report = shown.report
    if not shown.theirs:
        return ()

    def button(name: str) -> Button:
        return Button(t(f"officers.button_{name}", lang), f"o1|{name}|{report.code}")

    rows: list[tuple[Button, ...]] = []
    if report.status in WORK:
        first = (button("take"),) if report.assignee_id is None else ()
        rows = [(*first, button("done")), (button("ask"), button("pass"))]
    if report.lat is not None and not shown.hushed:
        rows.append((button("map"),))
    return tuple(rows)


def headline(event: Event) -> str | None:
    """What is new for the agency that has the case after this event (``officers.<key>``); None: no new card."""
    match event.kind:
        case Kind.ASSIGNED | Kind.TRANSFERRED:
            return "new"
        case Kind.SUBMITTED | Kind.RETURNED if event.kind == Kind.RETURNED or "proposed" in event.data:
            return "to_desk"
        case Kind.DIRECTED:
            return "directed"
        case kind if kind in _AGAIN:
            return "again"
        case Kind.URGENCY_SET if event.data.get("urgency") == "urgent":
            return "now_urgent"
        case Kind.RESUMED if event.data.get("why") == "answered":
            return "answered"
    return None


def late_by(at: datetime, due: datetime, lang: Lang) -> str:
    """How long ago a deadline was, as people say it."""
    hours = int((at - due).total_seconds() // 3600)
    return (
        t("officers.late_days", lang, days=hours // 24) if hours >= 24 else t("officers.late_hours", lang, hours=hours)
    )


def _short(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[:most].rpartition(' ')[0] or line[: most - 1]}…"
