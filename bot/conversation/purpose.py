"""Words that begin a report, or only seem to: an angry follow-up, and what is no field report at all.

Neither is guessed away: the words are kept (``Draft.held``) and a button makes them a report after all.
"""

from collections.abc import Generator
from typing import Any

from app.notify.templates import when
from app.reports.model import Report, Status
from app.routing.guess import clear_guess
from app.routing.outside import out_of_scope
from bot.conversation import wishes
from bot.conversation.draft import Asked, Content
from bot.conversation.intents import is_upset
from bot.conversation.model import Choice
from bot.conversation.questions import about, label
from bot.conversation.turn import Turn
from bot.conversation.wishes import Wish

_OFFERED, _LOOKED_AT = 3, 10

Answered = Generator[Wish, Any, bool]
"""True: the words have had their answer, and nothing more is to be done with them now."""


def soothed(turn: Turn, content: Content) -> Answered:
    """An angry follow-up: how the person's own reports stand, and what the words may be for."""
    if turn.draft.content or content.photos or not is_upset(content.text):
        return False
    listed = yield from wishes.mine(0, _LOOKED_AT)
    waiting = [each.report for each in listed if each.mine and each.report.ended_at is None]
    if not waiting and clear_guess(turn.know.rules.guess_category(content.text)):
        # Nothing of theirs is open and the words say what is wrong: a report, told in anger.
        return False
    turn.change(held=content, about="", asked=Asked.WHICH if waiting else Asked.NOTHING)
    if not waiting:
        turn.say("upset_none", ((turn.choice("for_new", "d1|new"),),))
        return True
    first = min(waiting, key=lambda report: _urgency(turn, report))
    turn.note(_state_key(turn, first), code=first.code, about=about(first.body), due=when(first.due_at))
    shown = [first, *(report for report in waiting if report is not first)][:_OFFERED]
    rows: list[tuple[Choice, ...]] = [
        (turn.choice("for_report", f"d1|for|{report.code}", code=report.code, about=about(report.body)),)
        for report in shown
        if report.status is not Status.RESOLVED
    ]
    rows.append((turn.choice("follow", f"t1|{first.code}"), turn.choice("for_new", "d1|new")))
    turn.say("upset_ask", tuple(rows))
    return True


def _urgency(turn: Turn, report: Report) -> tuple[bool, float]:
    """The longest overdue first, else the newest."""
    late = _is_late(turn, report)
    return (not late, report.due_at.timestamp() if late else -report.submitted_at.timestamp())


def _is_late(turn: Turn, report: Report) -> bool:
    return report.resolved_at is None and report.paused_at is None and report.due_at < turn.know.now


def _state_key(turn: Turn, report: Report) -> str:
    if report.status is Status.RESOLVED:
        return "upset_resolved"
    if report.status is Status.AWAITING_INFO:
        return "upset_awaiting"
    return "upset_late" if _is_late(turn, report) else "upset_open"


def sent_elsewhere(turn: Turn, content: Content) -> Answered:
    """What is no field report gets the right address at once. A photo or a place makes it one all the same."""
    draft = turn.draft
    if draft.content or draft.sounds or draft.spot or draft.category or content.photos or turn.incoming.point:
        return False
    matter = out_of_scope(turn.know.rules, content.text)
    if matter is None:
        return False
    yield from wishes.turn_away(turn.incoming.key, matter.category_id)
    turn.change(held=content, about="", asked=Asked.NOTHING)
    advice = (matter.advice_en if turn.lang == "en" else "") or matter.advice
    turn.say("elsewhere", ((turn.choice("report_anyway", "d1|new"),),), matter=label(turn, matter), advice=advice)
    return True
