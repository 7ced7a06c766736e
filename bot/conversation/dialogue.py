"""The way through the dialogue: what came in decides who answers. Nothing is met with silence."""

import re
from collections.abc import Generator
from typing import Any

from app.i18n import LANGS
from app.i18n.text import fold
from bot.conversation import (
    areas,
    devices,
    extra,
    filling,
    joining,
    own,
    places,
    presses,
    questions,
    rights,
    settings,
    voice,
    wishes,
)
from bot.conversation.draft import Asked, Draft, Spot
from bot.conversation.intents import Intent, asked_code, code_in, intent_of
from bot.conversation.model import Choice, Incoming
from bot.conversation.questions import ask_next
from bot.conversation.turn import Knowledge, Outcome, Turn
from bot.conversation.wishes import Talk, Wish

_SHORT_ANSWERS = (Intent.YES, Intent.AGREE, Intent.NO)


def converse(draft: Draft, incoming: Incoming, know: Knowledge) -> Generator[Wish, Any, Outcome]:
    """Answer one thing a citizen did. Yields wishes, expects their outcomes, returns the new draft and the replies."""
    turn = Turn(draft, incoming, know)
    if not incoming.settled and not incoming.album:
        turn.change(settling=False)
    yield from _respond(turn)
    yield from joining.offer_or_sum_up(turn)
    return turn.outcome()


def _respond(turn: Turn) -> Talk:
    said = turn.incoming
    if said.settled:
        yield from _settle(turn)
    elif said.press:
        yield from presses.press(turn, said.press)
    elif said.command:
        yield from _command(turn)
    elif said.edited:
        filling.edit(turn)
    elif said.phone or said.foreign_contact:
        _phone(turn)
    elif said.cannot_use:
        turn.note(f"cannot_use_{said.cannot_use}")
        if said.text:
            yield from filling.take_content(turn)
        else:
            _repeat_or_hint(turn)
    elif said.sound:
        yield from voice.take(turn, said.sound)
    elif said.point and turn.draft.asked is Asked.AREA and not said.photos:
        areas.take_point(turn, *said.point)
    elif said.point or said.photos or said.refused or said.photo_left:
        yield from filling.take_content(turn)
    else:
        yield from _words(turn)


def _settle(turn: Turn) -> Talk:
    """The album is complete."""
    if not turn.draft.settling:
        return
    turn.change(settling=False)
    if turn.draft.elsewhere:
        yield from filling.go_on_elsewhere(turn)
    else:
        ask_next(turn)


def _words(turn: Turn) -> Talk:
    text = turn.incoming.text
    intent = intent_of(text)
    if code_in(turn.incoming.reply_to) and intent in (None, *_SHORT_ANSWERS):
        yield from filling.take_content(turn)
    elif choice := _typed_choice(turn, text):
        yield from presses.press(turn, choice)
    elif turn.draft.asked is Asked.QUESTION and (meant := extra.meant(turn, text)):
        yield from presses.press(turn, meant)
    elif settings.is_link_code(text):
        yield from settings.link(turn, text)
    elif devices.is_code(text):
        yield from devices.ask(turn, text)
    elif code := asked_code(text):
        yield from own.show(turn, code)
    elif intent:
        yield from _intent(turn, intent)
    elif turn.draft.asked is Asked.AREA and areas.is_name(text):
        areas.find(turn, text)
    elif text.startswith("/"):
        turn.note("command_unknown")
        _repeat_or_hint(turn)
    elif not any(c.isalnum() for c in text) and not turn.draft.elsewhere:
        # A thumb up, a heart, dots: friendly, but no words to a report.
        turn.note("noted")
        _repeat_or_hint(turn)
    else:
        yield from filling.take_content(turn)


def _typed_choice(turn: Turn, text: str) -> str | None:
    """A button answered by its number or its words."""
    choices = turn.draft.choices
    line = text.strip()
    # ASCII digits alone: "②".isdigit() is true and int() refuses it.
    if line.isascii() and line.isdigit() and 1 <= int(line[:4]) <= len(choices):
        return choices[int(line[:4]) - 1].data
    folded = _bare(line)
    return next((choice.data for choice in choices if folded and _bare(choice.label) == folded), None)


def _bare(label: str) -> str:
    return " ".join(re.sub(r"[^\w]+", " ", fold(label)).split())


def _intent(turn: Turn, intent: Intent) -> Talk:
    asked, draft = turn.draft.asked, turn.draft
    match intent:
        case Intent.YES | Intent.AGREE if asked is Asked.SPOT and draft.spot and draft.spot.commune:
            yield from presses.press(turn, "d1|ok")
        case Intent.NO if asked is Asked.SPOT:
            yield from presses.press(turn, "d1|no")
        case Intent.YES | Intent.AGREE | Intent.NO if asked is Asked.NEAR:
            yield from joining.answer(turn, intent)
        case Intent.AGREE if asked is Asked.SUMMARY:
            yield from presses.press(turn, f"d1|agree|{draft.revision()}")
        case Intent.YES if asked is Asked.SUMMARY and turn.know.consented:
            yield from presses.press(turn, f"d1|send|{draft.revision()}")
        case Intent.YES if asked is Asked.SUMMARY:
            turn.note("agree_first")
            ask_next(turn)
        case Intent.NO if asked is Asked.SUMMARY:
            questions.ask_change(turn)
        case Intent.YES | Intent.AGREE | Intent.NO if draft.elsewhere or not draft.begun:
            # "Có" may be all there is to say to an officer's question.
            if draft.elsewhere or (yield from wishes.waiting()):
                yield from filling.take_content(turn)
            else:
                turn.note("noted")
                _repeat_or_hint(turn)
        case Intent.CANCEL:
            _cancel(turn)
        case Intent.HELP:
            turn.say("help")
        case Intent.PROGRESS:
            yield from own.show_list(turn)
        case Intent.REPORT:
            presses.begin(turn)
        case Intent.THANKS if not draft.begun:
            turn.say("thanks")
        case _:
            turn.note(intent if intent in (Intent.GREETING, Intent.THANKS) else "noted")
            _repeat_or_hint(turn)


def _command(turn: Turn) -> Talk:
    match turn.incoming.command:
        case "start":
            yield from _start(turn, turn.incoming.argument)
        case "report":
            presses.begin(turn)
        case "track" if turn.incoming.argument:
            yield from own.show(turn, turn.incoming.argument)
        case "track" | "list":
            yield from own.show_list(turn)
        case "lang":
            turn.say("ask_language", (tuple(Choice(turn.t(f"language_{lang}"), f"l1|{lang}") for lang in LANGS),))
        case "cancel":
            _cancel(turn)
        case "mute" | "unmute" as what:
            yield from settings.mute(turn, muted=what == "mute")
        case "link":
            yield from settings.link(turn, turn.incoming.argument)
        case "unlink":
            yield from settings.part(turn)
        case "area":
            yield from areas.command(turn, turn.incoming.argument)
        case "mydata":
            yield from rights.show(turn)
        case "delete":
            rights.ask_erase(turn)
        case _:
            turn.say("help")


def _start(turn: Turn, payload: str) -> Talk:
    """A greeting; a code of reports sent on the web; or what a QR code carries: ``PA-…``, ``c-<category>``,
    ``x-<commune>``, ``g-<lat>-<lon>`` in 1e-5 degrees; several parts are joined by ``__``.
    """
    if code := asked_code(payload):
        yield from own.show(turn, code)
        return
    if devices.is_code(payload):
        yield from devices.ask(turn, payload)
        return
    for part in payload.split("__") if payload else ():
        _deep_link(turn, part)
    if turn.draft.begun:
        ask_next(turn)
    else:
        turn.say("hello", ((turn.choice("start_report", "d1|start"),),))


def _deep_link(turn: Turn, part: str) -> None:
    kind, _, value = part.partition("-")
    if kind == "c" and value in turn.know.rules.categories:
        turn.change(category=value)
    elif kind == "x" and (commune := turn.know.gazetteer.commune(value)):
        turn.change(spot=Spot(commune=commune.code, name=places.full_name(commune), confirmed=True))
    elif kind == "g" and (point := re.fullmatch(r"(\d{1,7})-(\d{1,8})", value)):
        places.take_point(turn, int(point[1]) / 1e5, int(point[2]) / 1e5)
    else:
        turn.note("link_unknown")


def _phone(turn: Turn) -> None:
    if turn.incoming.foreign_contact:
        turn.note("phone_foreign")
    else:
        turn.change(phone=turn.incoming.phone)
        turn.note("phone_kept", phone=turn.incoming.phone)
    _repeat_or_hint(turn)


def _cancel(turn: Turn) -> None:
    if turn.draft.content or turn.draft.spot:
        turn.say("ask_drop", ((turn.choice("drop_yes", "d1|dropped"), turn.choice("keep", "d1|go")),))
    else:
        turn.draft = Draft(sent=turn.draft.sent)
        turn.say("nothing_to_drop", ((turn.choice("start_report", "d1|start"),),))


def _repeat_or_hint(turn: Turn) -> None:
    """Back to the open question, or how to begin."""
    if turn.draft.begun:
        ask_next(turn)
    else:
        turn.say("hint", ((turn.choice("start_report", "d1|start"),),))
