"""Somebody else may have reported the same matter: offered before the summary, joined or passed over; and following a
report that one has only come across."""

from datetime import datetime, timedelta

from app.errors import AppError
from app.i18n import t
from app.notify.templates import when
from app.reports.following import OVER
from app.reports.model import Rating
from app.reports.near import Near
from app.reports.publication import is_public
from bot.conversation import questions, wishes
from bot.conversation.draft import Asked, Draft
from bot.conversation.intents import Intent
from bot.conversation.model import Choice, Rows
from bot.conversation.turn import Turn
from bot.conversation.wishes import Joined, Talk

_JOIN, _AGREE = "d1|join|", "d1|agree_join|"


def offer_or_sum_up(turn: Turn) -> Talk:
    """Nothing is missing any more: what others have reported already, or the summary."""
    if not turn.complete:
        return
    draft = turn.draft
    found: list[Near] = []
    if draft.alone != draft.revision():
        near = yield from wishes.near(draft)
        found = [] if isinstance(near, AppError) else [each for each in near if each.code not in draft.passed_over]
    if found:
        _offer(turn, found)
    else:
        questions.ask_summary(turn)


def _offer(turn: Turn, found: list[Near]) -> None:
    turn.change(asked=Asked.NEAR)
    several, mine = len(found) > 1, all(each.mine for each in found)
    lines = [_line(turn, each, number if several else 0) for number, each in enumerate(found, 1)]
    rows: list[tuple[Choice, ...]] = []
    for number, each in enumerate(found, 1):
        key = ("near_add" if each.mine else "near_follow") + ("_number" if several else "")
        rows.append((turn.choice(key, f"{_JOIN}{each.code}", number=number),))
    rows.append((turn.choice("near_none", "d1|fresh"),))
    head = "near_mine_head" if mine else "near_many" if several else "near_one"
    text = "\n\n".join((turn.t(head), "\n".join(lines), turn.t("near_ask_mine" if mine else "near_ask")))
    turn.say_text(text, tuple(rows), photo=next((each.photo for each in found if each.photo), ""))


def _line(turn: Turn, near: Near, number: int) -> str:
    """``number`` 0: the only one."""
    said = [
        turn.t("near_distance", metres=_rounded(near.why.distance_m)) if near.why.distance_m is not None else "",
        "" if near.why.distance_m is not None else near.commune_name,
        turn.t("near_same_photo") if near.why.same_photo else "",
        _age(turn, near.submitted_at),
        t(f"reports.status_{near.status}", turn.lang),
        turn.t("near_voices", voices=near.voices) if near.voices > 1 else "",
        turn.t("near_mine") if near.mine else "",
    ]
    mark = f"{number}. " if number else "• "
    line = mark + " · ".join(part for part in said if part)
    return f"{line}\n“{questions.about(near.text)}”" if near.text else line


def _rounded(metres: float) -> int:
    """As exact as positions are."""
    return max(10, round(metres / 10) * 10) if metres < 1000 else round(metres / 100) * 100


def _age(turn: Turn, sent: datetime) -> str:
    age = turn.know.now - sent
    if age < timedelta(hours=1):
        return turn.t("near_just_now")
    if age < timedelta(days=1):
        return turn.t("near_hours", hours=age // timedelta(hours=1))
    return turn.t("near_days", days=age.days)


def decline(turn: Turn) -> None:
    """None of those offered: they are not offered again, and nothing is as long as the report stays what it is."""
    offered = [choice.data.rpartition("|")[2] for choice in _offered(turn)]
    draft = turn.draft
    turn.change(alone=draft.revision(), passed_over=tuple(dict.fromkeys((*draft.passed_over, *offered))))
    questions.ask_next(turn)


def _offered(turn: Turn) -> list[Choice]:
    return [choice for choice in turn.draft.choices if choice.data.startswith((_JOIN, _AGREE))]


def answer(turn: Turn, intent: Intent) -> Talk:
    """Yes or no in words. Which of several, a word does not say; consent, a mere yes does not give."""
    offered = _offered(turn)
    if intent is Intent.NO:
        decline(turn)
    elif len(offered) == 1 and (intent is Intent.AGREE or offered[0].data.startswith(_JOIN)):
        consents = offered[0].data.startswith(_AGREE)
        yield from join(turn, offered[0].data.rpartition("|")[2], consents=consents)
    else:
        questions.ask_next(turn)


def join(turn: Turn, code: str, *, consents: bool) -> Talk:
    """The report in the making becomes a voice on another one."""
    if turn.draft.settling:
        turn.note("summary_changed")
        questions.ask_next(turn)
        return
    if not (consents or turn.know.consented):
        rows = ((turn.choice("agree_and_follow", f"{_AGREE}{code}"),), (turn.choice("near_none", "d1|fresh"),))
        turn.change(asked=Asked.NEAR)
        _ask_consent(turn, rows)
        return
    joined = yield from wishes.join(code, turn.draft, consents=consents)
    if isinstance(joined, AppError):
        turn.note_problems(joined)
        turn.change(passed_over=(*turn.draft.passed_over, code))
        questions.ask_next(turn)
        return
    turn.draft = Draft(sent=joined.report.code, notes=turn.draft.notes)
    _told(turn, joined, "joined_own" if joined.mine else "joined")


def follow(turn: Turn, code: str, *, consents: bool) -> Talk:
    """Follow a report without anything to add."""
    if not (consents or turn.know.consented):
        rows = ((turn.choice("agree_and_follow", f"f2|{code}"),), (turn.choice("follow", f"t1|{code}"),))
        _ask_consent(turn, rows)
        return
    joined = yield from wishes.join(code, None, consents=consents)
    if isinstance(joined, AppError):
        turn.note_problems(joined)
        turn.say("track_hint")
        return
    _told(turn, joined, "followed")


def _ask_consent(turn: Turn, rows: Rows) -> None:
    turn.say("follow_consent", rows, consent=turn.t("reports.consent_text"))


def _told(turn: Turn, joined: Joined, key: str) -> None:
    report = joined.report
    runs = report.resolved_at is None and report.ended_at is None and report.paused_at is None
    lines = [
        turn.t(key, code=report.code),
        turn.t("joined_status", status=t(f"reports.status_{report.status}", turn.lang)),
        turn.t("track_agency", agency=joined.agency),
        turn.t("track_due", due=when(report.due_at)) if runs else "",
        turn.t("voices", voices=joined.voices) if joined.voices > 1 else "",
        turn.t("joined_end"),
    ]
    turn.say_text("\n".join(line for line in lines if line), ((turn.choice("follow", f"t1|{report.code}"),),))


def unfollow(turn: Turn, code: str) -> Talk:
    left = yield from wishes.leave(code)
    if isinstance(left, AppError):
        turn.note_problems(left)
        turn.say("track_hint")
    else:
        turn.say("unfollowed", ((turn.choice("follow", f"t1|{code}"),),), code=left.code)


def rate(turn: Turn, code: str, rating: Rating) -> Talk:
    """A follower's word on the result. It reopens nothing: whoever still sees the trouble may report it anew."""
    done = yield from wishes.rate_followed(code, rating)
    if isinstance(done, AppError):
        turn.note_problems(done)
        turn.say("track_button", ((turn.choice("follow", f"t1|{code}"),),))
    else:
        turn.say("rated_followed_bad" if rating is Rating.DISSATISFIED else "rated", code=done.code)


def rows_for(turn: Turn, seen: wishes.Seen) -> Rows:
    """What a report's view offers to whoever follows it, or might."""
    report, standing = seen.report, seen.following
    rows: list[tuple[Choice, ...]] = []
    if standing is None:
        return ()
    if standing.may_rate:
        names = {"s": Rating.SATISFIED, "a": Rating.ACCEPTABLE, "d": Rating.DISSATISFIED}
        rows += [
            (Choice(t(f"notify.rate_{rating}", turn.lang), f"r2|{report.code}|{k}"),) for k, rating in names.items()
        ]
    if standing.follows:
        rows.append((turn.choice("unfollow", f"u1|{report.code}"),))
    elif is_public(report) and not standing.hears and report.status not in OVER:
        rows.append((turn.choice("follow_this", f"f1|{report.code}"),))
    return tuple(rows)
