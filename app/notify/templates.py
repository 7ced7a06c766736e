"""Which events are told to citizens, and how a message is made of one. Pure."""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum, auto
from uuid import UUID

from msgspec import Struct

from app.history.model import Event, Kind
from app.i18n import Lang, t
from app.notify.manners import ZONE
from app.notify.model import Button
from app.reports.model import NOTHING_EDITED, Message, PublicCopy, Report, Status
from app.reports.proof import has_document
from app.reports.publication import is_public
from app.reports.publication import words_of as public_words

_TOLD = {
    Kind.RECEIVED,
    Kind.ASSIGNED,
    Kind.TRANSFERRED,
    Kind.SPLIT,
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
    Kind.EXTENSION_GRANTED,
    Kind.REMINDED,
    Kind.WITHDRAWN,
}
"""Returned cases are not told: for the citizen nothing has changed until a coordinator has decided."""

_REPORTER_ONLY = {Kind.ASKED, Kind.RESUMED, Kind.REMINDED}
_WITH_WORDS = {
    "reminded_question",
    Kind.ASKED,
    Kind.PROGRESS,
    Kind.RESOLVED,
    Kind.REOPENED,
    Kind.REJECTED,
    Kind.EXTENSION_GRANTED,
}
"""Templates that quote what was written; ``<name>_short`` is for those who may not read it, and for erased words.
``merged_short`` is for followers, who do not hear of the other report by themselves."""
_GIVES_AGENCY = {Kind.SUBMITTED, Kind.ASSIGNED, Kind.TRANSFERRED, Kind.SPLIT, Kind.PART_REOPENED}


class Relation(Enum):
    """What a report is to the person told: their own, the one their own was merged into, or one they follow."""

    OWNER = auto()
    MERGED = auto()
    FOLLOWER = auto()


class Told(Struct, frozen=True):
    """What a message is made of. ``agency`` and ``due`` as they were at the event, ``own_code`` the code of the
    person's own report, ``followed`` of the one they follow; ``words`` only what this person may read."""

    report: Report
    event: Event
    relation: Relation
    agency: str
    due: datetime
    words: str
    own_code: str | None
    followed: str | None = None


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
    if event.kind == Kind.REMINDED:
        return f"reminded_{event.data['of']}"
    return event.kind


def concerns(event: Event, citizen_id: UUID, *, owner: bool) -> bool:
    """Whether this person hears of it: nobody of their own act, and questions go to the reporter alone."""
    if event.actor_kind == "citizen" and event.actor_id == citizen_id:
        return False
    return owner or event.kind not in _REPORTER_ONLY


def standing(events: Sequence[Event], report: Report, seq: int) -> tuple[str, datetime]:
    """The agency that had the report, and its deadline, right after event ``seq``: a message that goes out late must
    still be true."""
    agency, due = report.agency_id, report.due_at
    for event in events:
        if event.seq > seq:
            break
        chosen = event.data.get("proposed", event.data)
        if event.kind in _GIVES_AGENCY:
            agency = chosen.get("agency", agency)
        if "due" in chosen:
            due = datetime.fromisoformat(chosen["due"])
    return agency, due


def words_of(event: Event, events: Sequence[Event]) -> str | None:
    """The id of the words that tell of this event: its own, or those of the question that it reminds of."""
    if event.kind == Kind.REMINDED:
        event = next((e for e in reversed(events) if e.kind == Kind.ASKED and e.seq < event.seq), event)
    found: str | None = event.data.get("message_id")
    return found


def overtaken(template: str, report: Report) -> bool:
    """Whether a reminder has nothing left to remind of."""
    if template == "reminded_question":
        return report.status is not Status.AWAITING_INFO
    return template == "reminded_rating" and (report.status is not Status.RESOLVED or report.rating is not None)


def readable(
    words: Message | None, relation: Relation, report: Report, lang: Lang, copy: PublicCopy = NOTHING_EDITED
) -> str | None:
    """What this person may read of the words; None: nothing. To others than the reporter they are shown as to the
    public (``copy``), to mere followers only once they are published."""
    if words is None or words.visibility == "staff":
        return None
    if relation is Relation.OWNER:
        return words.body
    if words.visibility != "public" or (relation is Relation.FOLLOWER and not is_public(report)):
        return None
    return public_words(words, copy, lang)


def when(moment: datetime) -> str:
    """As people in Vietnam read it."""
    return moment.astimezone(ZONE).strftime("%H:%M, %d/%m/%Y")


def text(template: str, lang: Lang, told: Told) -> str:
    """The message."""
    report, own = told.report, told.relation is Relation.OWNER
    short = template in _WITH_WORDS and not told.words
    short = short or (template == Kind.MERGED and told.relation is Relation.FOLLOWER)
    said = t(
        f"notify.{template}_short" if short else f"notify.{template}",
        lang,
        code=report.code,
        # Its reporter knows it best by the first words; to others these are not shown.
        about=f" (“{shortened(report.body)}”)" if own else "",
        agency=told.agency,
        due=when(told.due),
        words=told.words,
        other=told.event.data.get("code", ""),
    )
    parts = [said]
    if has_document(told.event):
        parts.append(t("notify.resolved_document", lang))
    if told.relation is Relation.MERGED and told.own_code:
        parts.append(t("notify.merged_into_this", lang, own=told.own_code))
    elif told.followed and told.followed != report.code:
        parts.append(t("notify.followed_into_this", lang, own=told.followed))
    if template == Kind.RESOLVED and (told.own_code or told.followed):
        # Only the report's own reporter can dispute its result.
        parts.append(t("notify.rate_question" if own else "notify.rate_question_short", lang))
    return "\n\n".join(parts)


def buttons(template: str, lang: Lang, code: str, *, follower: bool = False) -> tuple[tuple[Button, ...], ...]:
    """Buttons under the message; their data is read by ``bot.conversation``. A follower rates as one (``r2``)."""
    if template in (Kind.RESOLVED, "reminded_rating"):
        verb = "r2" if follower else "r1"
        rates = (("satisfied", "s"), ("acceptable", "a"), ("dissatisfied", "d"))
        return tuple((Button(t(f"notify.rate_{name}", lang), f"{verb}|{code}|{short}"),) for name, short in rates)
    if template in (Kind.ASKED, "reminded_question") and not follower:
        return ((Button(t("notify.answer_button", lang), f"a1|{code}"),),)
    return ()


def shortened(body: str, most: int = 60) -> str:
    """A text's first words, on one line."""
    line = " ".join(body.split())
    return line if len(line) <= most else f"{line[:most].rpartition(' ')[0] or line[: most - 1]}…"
