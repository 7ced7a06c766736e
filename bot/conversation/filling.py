"""Words, photos and corrections on their way into the report in the making, or to a report sent before."""

from datetime import timedelta

import msgspec

from app.i18n.text import nfc
from app.places.model import parse_coordinates
from app.reports.intake import check_text
from app.reports.model import PHOTOS_MAX, TEXT_MAX, Form
from app.reports.workflow import Act
from bot.conversation import extra, places, wishes
from bot.conversation.draft import Asked, Content, Draft, Piece
from bot.conversation.intents import code_in, is_danger
from bot.conversation.model import ChannelFile
from bot.conversation.questions import about, ask_next
from bot.conversation.turn import Turn
from bot.conversation.wishes import Talk

_STALE = timedelta(minutes=30)
"""After this pause a message may as well be the answer to an officer's question."""
_JUST_ANSWERED = timedelta(minutes=30)


def photo_use(draft: Draft, file: ChannelFile) -> str:
    """Whether a picture should be fetched at all: "" yes, "known" we have it, "full" no more are taken."""
    if any(photo.same == file.same for photo in draft.photos):
        return "known"
    kept = draft.held if draft.elsewhere else draft.content
    return "full" if len(kept.photos) >= PHOTOS_MAX else ""


def take_content(turn: Turn) -> Talk:
    """Words and photos: for the report in the making, an officer's question, or the reason of a rating."""
    content = _content(turn)
    warn(turn, content.text)
    _note_photos(turn)
    asked = turn.draft.asked
    if code := code_in(turn.incoming.reply_to):
        turn.change(asked=Asked.ANSWER, about=code, held=Content())
        yield from _hold(turn, content)
    elif asked in (Asked.ANSWER, Asked.WHY, Asked.WHICH):
        yield from _hold(turn, content)
    elif turn.draft.begun and turn.know.idle < _STALE:
        add(turn, content)
    else:
        yield from _find_purpose(turn, content)


def _find_purpose(turn: Turn, content: Content) -> Talk:
    """Nothing is in the making, or not any more: is this an answer to an officer, or a new report?"""
    open_questions = yield from wishes.waiting()
    just_answered = turn.draft.about if turn.know.idle < _JUST_ANSWERED else ""
    if not open_questions and (not just_answered or turn.draft.begun):
        add(turn, content)
    elif len(open_questions) == 1 and not turn.draft.begun and not just_answered:
        turn.change(asked=Asked.ANSWER, about=open_questions[0].code, held=Content())
        yield from _hold(turn, content)
    else:
        turn.change(asked=Asked.WHICH, held=Content())
        yield from _hold(turn, content)


def _hold(turn: Turn, content: Content) -> Talk:
    """Keep it apart and go on with what it is for, once an album is complete."""
    turn.change(held=turn.draft.held.plus(content))
    if turn.incoming.album:
        turn.change(settling=True)
    else:
        yield from go_on_elsewhere(turn)


def go_on_elsewhere(turn: Turn) -> Talk:
    draft = turn.draft
    if draft.asked is Asked.WHICH:
        yield from ask_which(turn)
    elif not draft.held:
        # Nothing of it could be kept; the notes say why.
        turn.say("ask_why" if draft.asked is Asked.WHY else "ask_answer", code=draft.about)
    elif draft.asked is Asked.WHY and not draft.held.text:
        turn.say("ask_why_words")
    elif draft.asked is Asked.WHY:
        rows = ((turn.choice("dispute", f"x1|{draft.about}"),), (turn.choice("comment_only", f"c1|{draft.about}"),))
        turn.say("ask_dispute", rows)
    else:
        yield from send_answer(turn, draft.about)


def ask_which(turn: Turn) -> Talk:
    open_questions = yield from wishes.waiting()
    rows = [(turn.choice("for_report", f"d1|for|{r.code}", code=r.code, about=about(r.body)),) for r in open_questions]
    answered = turn.draft.about
    if answered and answered not in [report.code for report in open_questions]:
        rows.append((turn.choice("for_answered", f"d1|for|{answered}", code=answered),))
    label = "for_draft" if turn.draft.begun else "for_new"
    turn.say("ask_which", (*rows, (turn.choice(label, "d1|new"),)))


def send_answer(turn: Turn, code: str) -> Talk:
    """Hand what is held to a report of the person's own. Refused, it is kept and may still become a new report."""
    held = turn.draft.held
    photos = tuple(photo.photo for photo in held.photos)
    form = Form(text=held.text, photos=photos, client_key=turn.incoming.key)
    done = yield from wishes.do(code, Act.ADD_INFO if held.text else Act.ADD_PHOTOS, form)
    if isinstance(done, Exception):
        turn.note_problems(done)
        turn.change(asked=Asked.WHICH, about="")
        yield from ask_which(turn)
        return
    # What was held stays until the next message: it may have been meant as a new report after all.
    turn.change(asked=Asked.NOTHING, about=done.code)
    turn.say("answered", ((turn.choice("was_new", "d1|new"),),), code=done.code)


def add(turn: Turn, content: Content) -> None:
    """Into the report in the making; then the next question."""
    was_asked = turn.draft.asked
    replacing = was_asked is Asked.NEW_TEXT and bool(content.pieces)
    if not turn.draft.begun:
        turn.change(about="", held=Content())
    content = _take_pins(turn, content)
    before = Content(photos=turn.draft.content.photos) if replacing else turn.draft.content
    taken = content if _fits(turn, before, content) else Content(photos=content.photos)
    if was_asked is Asked.PLACE and taken.pieces and not taken.photos and places.take_address(turn, taken.text):
        ask_next(turn)
        return
    turn.change(content=before.plus(taken))
    if was_asked is Asked.QUESTION and taken.pieces:
        extra.answered_in_words(turn)
    places.take_photo_place(turn, taken.photos)
    spot = turn.draft.spot
    if taken.pieces and (spot is None or (was_asked is Asked.SPOT and not spot.confirmed)):
        places.find_in_words(turn, taken.text)
    if turn.incoming.album:
        turn.change(settling=True)
    else:
        ask_next(turn)


def _take_pins(turn: Turn, content: Content) -> Content:
    """Pieces that are nothing but a position become the place; the rest stays words."""
    words = []
    for piece in content.pieces:
        if pin := parse_coordinates(piece.text):
            taken = places.take_point(turn, *pin, address=turn.incoming.venue)
            if taken and not turn.draft.content.pieces:
                turn.note("place_have")
        else:
            words.append(piece)
    return Content(tuple(words), content.photos)


def warn(turn: Turn, text: str) -> None:
    """Danger for life comes before any report; told once, in a message of its own."""
    if not turn.draft.danger_told and is_danger(text):
        notes = turn.draft.notes
        turn.change(notes=(), danger_told=True)
        turn.say("danger")
        turn.change(notes=notes)


def edit(turn: Turn) -> None:
    """The person corrected a message: the draft follows; what has been sent does not."""
    said, draft = turn.incoming, turn.draft
    pieces = draft.content.pieces
    text = nfc(said.text)
    if any(piece.number == said.number for piece in pieces):
        changed = tuple(Piece(p.number, text) if p.number == said.number else p for p in pieces)
        content = msgspec.structs.replace(draft.content, pieces=tuple(p for p in changed if p.text))
        _, problems = check_text(content.text)
        if problems and problems[0].key != "reports.text_short":
            turn.note_problems(problems[0])
        else:
            turn.change(content=content)
            turn.note("edited")
        warn(turn, text)
        ask_next(turn)
    elif draft.begun and any(photo.position == said.number for photo in draft.content.photos):
        add(turn, Content((Piece(said.number, text),) if text else ()))
    elif draft.begun:
        turn.note("edit_elsewhere")
        ask_next(turn)
    else:
        turn.say("edit_too_late" if draft.sent else "edit_elsewhere", code=draft.sent)


def _content(turn: Turn) -> Content:
    """The message as content; words that are none at all are refused here, with a note."""
    said = turn.incoming
    text = nfc(said.text)
    if said.point:
        # A position is words to an officer and the place of a report; it becomes what it is for later.
        text = f"GPS: {said.point[0]:.6f}, {said.point[1]:.6f}"
    elif text and "\ufffd" in said.text:
        turn.note("reports.text_binary")
        text = ""
    return Content((Piece(said.number, text),) if text else (), said.photos)


def _note_photos(turn: Turn) -> None:
    said = turn.incoming
    for problem in said.refused:
        turn.note_problems(problem)
    if said.photo_left == "full" and not turn.draft.full_told:
        turn.change(full_told=True)
        turn.note("photos_full", most=PHOTOS_MAX)
    elif said.photo_left == "known" and not said.album:
        turn.note("photo_known")


def _fits(turn: Turn, before: Content, content: Content) -> bool:
    """Whether the words fit; a note says what does not."""
    whole = before.plus(content)
    if not {p.photo.sha256 for p in content.photos} <= {p.photo.sha256 for p in whole.photos}:
        turn.note("photos_full", most=PHOTOS_MAX)
    length = len(whole.text)
    if content.pieces and length > TEXT_MAX:
        turn.note("text_too_long", most=TEXT_MAX, length=length)
        return False
    return True
