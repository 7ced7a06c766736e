"""Reports that were sent: sending, following, listing, rating, disputing, withdrawing."""

import msgspec

from app.errors import AppError
from app.i18n import t
from app.notify.templates import when
from app.reports.model import Form, Rating, Report, Status
from app.reports.service import Listed
from app.reports.workflow import Act
from bot.conversation import joining, wishes
from bot.conversation.draft import Asked, Content, Draft
from bot.conversation.model import Choice, Rows
from bot.conversation.questions import about, ask_next, label
from bot.conversation.turn import Turn
from bot.conversation.wishes import Seen, Talk

_PAGE = 6
_ICONS = {
    Status.SUBMITTED: "📥",
    Status.RECEIVED: "📥",
    Status.RETURNED: "📥",
    Status.ASSIGNED: "🛠",
    Status.IN_PROGRESS: "🛠",
    Status.AWAITING_INFO: "❓",
    Status.RESOLVED: "✅",
    Status.CLOSED: "✅",
    Status.REJECTED: "🚫",
    Status.DUPLICATE: "🔗",
    Status.WITHDRAWN: "🚫",
}
"""What matters at a glance: it waits, is worked on, waits for you, is done, is over, went into another one."""
RATINGS = {"s": Rating.SATISFIED, "a": Rating.ACCEPTABLE, "d": Rating.DISSATISFIED}


def send(turn: Turn, *, consents: bool) -> Talk:
    """File the draft. What is refused is told and asked for again; everything else stays as it is."""
    sent = yield from wishes.file_report(turn.draft, consents=consents)
    if isinstance(sent, AppError):
        _ask_again(turn, sent)
        return
    report = sent.report
    at_desk = report.status is Status.SUBMITTED
    turn.draft = Draft(sent=report.code, notes=turn.draft.notes)
    turn.say(
        "sent_to_desk" if at_desk else "sent",
        ((turn.choice("follow", f"t1|{report.code}"),),),
        code=report.code,
        agency=sent.agency,
        due=when(report.intake_due_at if at_desk else report.due_at),
    )


def _ask_again(turn: Turn, error: AppError) -> None:
    turn.note_problems(error)
    fields = {(problem.field or "").partition(".")[0] for problem in error.problems}
    if "place" in fields:
        turn.change(spot=None)
    if "category" in fields:
        turn.change(category=None)
    if "answers" in fields:
        turn.change(answers={})
    if "contact" in fields:
        turn.change(phone="")
    ask_next(turn)


def show(turn: Turn, code: str) -> Talk:
    """One report, as much of it as this person may see."""
    seen = yield from wishes.look(code)
    if isinstance(seen, AppError):
        turn.note_problems(seen)
        turn.say("track_hint")
        return
    turn.say_text("\n".join(_lines(turn, seen)), _rows_of(turn, seen))


def _lines(turn: Turn, seen: Seen) -> list[str]:
    report = seen.report
    lines = [turn.t("track_head", code=report.code, status=_status(turn, report))]
    if seen.mine or report.visibility == "public":
        category = turn.know.rules.categories.get(report.category)
        if category is not None:
            lines.append(label(turn, category))
        lines.append(turn.t("track_place", place=report.commune_name or report.address or "–"))
        lines.append(turn.t("track_agency", agency=seen.agency))
        if report.resolved_at is None and report.ended_at is None and report.paused_at is None:
            extended = report.extended_to is not None
            lines.append(turn.t("track_due_extended" if extended else "track_due", due=when(report.due_at)))
    if seen.mine:
        lines.append(turn.t("track_sent", at=when(report.submitted_at), about=about(report.body)))
    if seen.following and seen.following.voices > 1 and (seen.mine or report.visibility == "public"):
        lines.append(turn.t("voices", voices=seen.following.voices))
    if seen.muted_all or seen.muted:
        lines.append(turn.t("track_muted_all" if seen.muted_all else "track_muted"))
    if seen.words:
        lines.append(turn.t("track_words", words=seen.words))
    return lines


def _rows_of(turn: Turn, seen: Seen) -> Rows:
    code, rows = seen.report.code, list[tuple[Choice, ...]]()
    if Act.RATE in seen.acts and seen.report.rating is None:
        rows += [(Choice(t(f"notify.rate_{rating}", turn.lang), f"r1|{code}|{k}"),) for k, rating in RATINGS.items()]
    if Act.ADD_INFO in seen.acts:
        asked = seen.report.status is Status.AWAITING_INFO
        rows.append((turn.choice("notify.answer_button" if asked else "add_more", f"a1|{code}"),))
    if Act.WITHDRAW in seen.acts:
        rows.append((turn.choice("withdraw", f"w1|{code}"),))
    rows += joining.rows_for(turn, seen)
    if seen.muted is not None and not seen.muted_all and (seen.muted or seen.report.ended_at is None):
        rows.append((turn.choice("unmute_one", f"m0|{code}") if seen.muted else turn.choice("mute_one", f"m1|{code}"),))
    return tuple(rows)


def show_list(turn: Turn, skip: int = 0, instead_of: int = 0) -> Talk:
    """A page of the person's reports, newest first, each with a button to open it; pages are turned in place."""
    found = yield from wishes.mine(skip, _PAGE)
    if not found:
        turn.say("list_end" if skip else "list_empty")
        return
    listed = found[:_PAGE]
    rows = [_list_row(turn, each) for each in listed]
    turning: list[Choice] = []
    if skip:
        turning.append(turn.choice("list_newer", f"n1|{max(0, skip - _PAGE)}"))
    if len(found) > _PAGE:
        turning.append(turn.choice("list_older", f"n1|{skip + _PAGE}"))
    if turning:
        rows.append(tuple(turning))
    if any(each.mine for each in listed):
        rows.append((turn.choice("web_open", "o1"),))
    text = "\n\n".join([turn.t("list_head"), *(_list_line(turn, each) for each in listed)])
    turn.say_text(text, tuple(rows), instead_of=instead_of)


def _list_row(turn: Turn, listed: Listed) -> tuple[Choice, ...]:
    code = listed.report.code
    opened = Choice(f"{_icon(listed.report)} {code}", f"t1|{code}")
    return (opened,) if listed.mine else (opened, turn.choice("unfollow", f"u1|{code}"))


def _list_line(turn: Turn, listed: Listed) -> str:
    """With its first words; what is only followed may not be published, and then its category has to do."""
    report = listed.report
    category = turn.know.rules.categories.get(report.category)
    said = about(report.body) if report.body else label(turn, category) if category else ""
    if not listed.mine:
        said = turn.t("list_followed", about=said)
    return turn.t("list_line", icon=_icon(report), code=report.code, status=_status(turn, report), about=said)


def _icon(report: Report) -> str:
    return _ICONS[report.status]


def rate(turn: Turn, code: str, rating: Rating) -> Talk:
    done = yield from wishes.do(code, Act.RATE, Form(rating=rating))
    if isinstance(done, AppError):
        turn.note_problems(done)
        turn.say("track_button", ((turn.choice("follow", f"t1|{code}"),),))
    elif rating is Rating.DISSATISFIED:
        turn.change(asked=Asked.WHY, about=done.code, held=Content())
        turn.say("ask_why", code=done.code)
    else:
        turn.say("rated", code=done.code)


def explain(turn: Turn, code: str, *, dispute: bool) -> Talk:
    """The reason of a bad rating: as a dispute, which reopens the case, or as a comment alone."""
    held = turn.draft.held
    if turn.draft.asked is not Asked.WHY or turn.draft.about != code or not held.text:
        turn.change(asked=Asked.WHY, about=code, held=Content())
        turn.say("ask_why", code=code)
        return
    photos = tuple(photo.photo for photo in held.photos)
    form = Form(text=held.text, photos=photos, client_key=turn.incoming.key)
    if dispute:
        done = yield from wishes.do(code, Act.DISPUTE, form)
    else:
        form = msgspec.structs.replace(form, rating=Rating.DISSATISFIED)
        done = yield from wishes.do(code, Act.RATE, form)
    if isinstance(done, AppError):
        turn.note_problems(done)
        rows = ((turn.choice("comment_only", f"c1|{code}"),),) if dispute else ()
        turn.say("dispute_failed" if dispute else "comment_failed", rows)
        return
    turn.change(asked=Asked.NOTHING, about="", held=Content())
    turn.say("disputed" if dispute else "commented", code=code, due=when(done.due_at))


def ask_withdraw(turn: Turn, code: str) -> None:
    turn.say(
        "ask_withdraw", ((turn.choice("withdraw_yes", f"w2|{code}"), turn.choice("keep", f"t1|{code}")),), code=code
    )


def withdraw(turn: Turn, code: str) -> Talk:
    done = yield from wishes.do(code, Act.WITHDRAW, Form(client_key=turn.incoming.key))
    if isinstance(done, AppError):
        turn.note_problems(done)
        turn.say("track_button", ((turn.choice("follow", f"t1|{code}"),),))
    else:
        turn.say("withdrawn", code=code)


def answer(turn: Turn, code: str) -> None:
    """The button under an officer's question: what comes next is the answer."""
    turn.change(asked=Asked.ANSWER, about=code, held=Content())
    turn.say("ask_answer", code=code)


def _status(turn: Turn, report: Report) -> str:
    return t(f"reports.status_{report.status}", turn.lang)
