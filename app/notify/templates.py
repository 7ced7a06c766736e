"""Which events are told to citizens, and how a message is made of one. Pure."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.history.model import Event, Kind
from app.i18n import Lang, t
from app.notify.model import Button
from app.reports.model import Message, Report

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")

_TOLD = {
    Kind.RECEIVED,
    Kind.ASSIGNED,
    Kind.TRANSFERRED,
    Kind.STARTED,
    Kind.ASKED,
    Kind.PROGRESS,
    Kind.RESOLVED,
    Kind.CLOSED,
    Kind.REOPENED,
    Kind.REJECTED,
    Kind.MERGED,
    Kind.UNMERGED,
    Kind.DISPUTED,
    Kind.RESUMED,
}
"""Returned cases are not told: for the citizen nothing has changed until a coordinator has decided."""

_REPORTER_ONLY = {Kind.ASKED, Kind.RESUMED}


def template_for(event: Event) -> str | None:
    """The template (``notify.<name>``) that tells citizens of this event; None: it is not told."""
    if event.kind not in _TOLD:
        return None
    if event.kind == Kind.ASSIGNED and event.data.get("at_intake"):
        return None  # the answer to the report itself has said so
    if event.kind == Kind.RESUMED and event.data.get("why") != "no_answer":
        return None
    if event.kind == Kind.CLOSED and event.data.get("why") == "confirmed":
        return None  # the citizen's own rating closed it
    return event.kind


def concerns(event: Event, citizen_id: UUID, *, owner: bool) -> bool:
    """Whether this person hears of it: nobody of their own act, and questions go to the reporter alone."""
    if event.actor_kind == "citizen" and event.actor_id == citizen_id:
        return False
    return owner or event.kind not in _REPORTER_ONLY


def when(moment: datetime) -> str:
    """As people in Vietnam read it."""
    return moment.astimezone(ZONE).strftime("%d/%m/%Y %H:%M")


def text(template: str, lang: Lang, report: Report, event: Event, words: Message | None, agency: str) -> str:
    """The message. ``words``: what the officer wrote, if the event refers to any."""
    fields: dict[str, Any] = {
        "code": report.code,
        "agency": agency,
        "due": when(report.due_at),
        "words": words.body if words else "",
        "place": report.commune_name or report.address,
        "other": event.data.get("code", ""),
        "about": _short(report.body),
    }
    return t(f"notify.{template}", lang, **fields)


def buttons(template: str, lang: Lang, code: str) -> tuple[tuple[Button, ...], ...]:
    """Buttons under the message; their data is read by ``bot.conversation``."""
    if template == Kind.RESOLVED:
        rates = (("satisfied", "s"), ("acceptable", "a"), ("dissatisfied", "d"))
        return tuple((Button(t(f"notify.rate_{name}", lang), f"r1|{code}|{short}"),) for name, short in rates)
    if template == Kind.ASKED:
        return ((Button(t("notify.answer_button", lang), f"a1|{code}"),),)
    return ()


def _short(body: str, most: int = 60) -> str:
    line = " ".join(body.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"
