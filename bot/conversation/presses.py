"""What each button does. Data is ``<verb and version>|…``; whoever makes it up gains nothing, for every verb that
touches a report proves again that the report is this person's own.
"""

import msgspec

from app.i18n import LANGS
from bot.conversation import areas, devices, extra, filling, joining, own, places, questions, rights, settings, wishes
from bot.conversation.draft import Asked, Content, Draft
from bot.conversation.questions import ask_next
from bot.conversation.turn import Turn
from bot.conversation.wishes import Talk


def press(turn: Turn, data: str) -> Talk:
    """Work a button off. An old or unknown one is told so, and the open question is repeated."""
    verb, *args = data.split("|")
    match verb, args:
        case "d1", [what, *rest]:
            yield from _draft(turn, what, rest)
        case "r1", [code, rating] if rating in own.RATINGS:
            yield from own.rate(turn, code, own.RATINGS[rating])
        case "t1", [code]:
            yield from own.show(turn, code)
        case "a1", [code]:
            own.answer(turn, code)
        case "x1" | "c1", [code]:
            yield from own.explain(turn, code, dispute=verb == "x1")
        case "w1", [code]:
            own.ask_withdraw(turn, code)
        case "w2", [code]:
            yield from own.withdraw(turn, code)
        case "r2", [code, rating] if rating in own.RATINGS:
            yield from joining.rate(turn, code, own.RATINGS[rating])
        case "f1" | "f2", [code]:
            yield from joining.follow(turn, code, consents=verb == "f2")
        case "u1", [code]:
            yield from joining.unfollow(turn, code)
        case "l1", [lang] if lang in LANGS:
            yield from speak(turn, lang)
        case "n1", [skip] if skip.isascii() and skip.isdigit():
            yield from own.show_list(turn, int(skip[:4]), turn.incoming.pressed)
        case "m1" | "m0", [code]:
            yield from settings.mute_report(turn, code, muted=verb == "m1")
        case "k1", [typed]:
            yield from settings.join(turn, typed)
        case "h1", [typed]:
            yield from devices.take(turn, typed)
        case "o1", []:
            yield from devices.on_the_web(turn)
        case "k0", []:
            turn.say("link_left")
        case "v1", _:
            yield from areas.press(turn, args)
        case "e1", ["ask"]:
            rights.ask_erase(turn)
        case "e1", ["yes"]:
            yield from erase(turn)
        case _:
            stale(turn)


def _draft(turn: Turn, what: str, args: list[str]) -> Talk:
    """The buttons of the report in the making."""
    match what, args:
        case "start", []:
            begin(turn)
        case "new", []:
            _as_new(turn)
        case "for", [code]:
            turn.change(asked=Asked.ANSWER, about=code)
            yield from filling.go_on_elsewhere(turn)
        case "again", []:
            turn.draft = Draft(asked=Asked.TEXT)
            turn.say("ask_all")
        case _ if not turn.draft.begun:
            stale(turn)
        case "send" | "agree", [revision]:
            yield from _send(turn, revision, consents=what == "agree")
        case "join" | "agree_join", [code]:
            yield from joining.join(turn, code, consents=what == "agree_join")
        case "fresh", []:
            joining.decline(turn)
        case "drop", []:
            turn.say(
                "ask_drop",
                (
                    (
                        turn.choice("drop_yes", "d1|dropped"),
                        turn.choice("keep", "d1|go"),
                    ),
                ),
            )
        case "dropped", []:
            turn.draft = Draft()
            turn.say("dropped")
        case _:
            _fill(turn, what, args)


def _fill(turn: Turn, what: str, args: list[str]) -> None:
    match what, args:
        case "ok", []:
            places.confirm_spot(turn)
        case "p", [code]:
            places.confirm_spot(turn, code)
        case "no", []:
            places.refuse_spot(turn)
        case "nocommune", []:
            places.settle_without_commune(turn)
        case "c", [category] if category in turn.know.rules.categories:
            turn.change(category=category, guessed=False)
        case "q", [question, answer] if extra.answer(turn, question, answer):
            pass
        case "more", []:
            questions.ask_group(turn, turn.incoming.pressed)
            return
        case "g", [group]:
            questions.ask_category_of(turn, group, turn.incoming.pressed)
            return
        case "change", []:
            questions.ask_change(turn)
            return
        case "e", [part]:
            _change(turn, part)
            return
        case "go", []:
            pass
        case _:
            stale(turn)
            return
    ask_next(turn)


def _change(turn: Turn, part: str) -> None:
    draft = turn.draft
    match part:
        case "text":
            turn.change(asked=Asked.NEW_TEXT)
            turn.say("ask_new_text", text=draft.content.text)
            return
        case "photos":
            turn.change(content=Content(draft.content.pieces), photos_told=0, full_told=False)
            turn.note("photos_dropped")
        case "place":
            turn.change(spot=None)
        case "answers":
            turn.change(answers={})
        case "category":
            turn.change(category=None, guessed=False, choosing=True)
            questions.ask_group(turn)
            return
    ask_next(turn)


def _send(turn: Turn, revision: str, *, consents: bool) -> Talk:
    if turn.draft.settling or revision != turn.draft.revision() or (not consents and not turn.know.consented):
        turn.note("summary_changed")
        ask_next(turn)
        return
    yield from own.send(turn, consents=consents)


def _as_new(turn: Turn) -> None:
    """What is held was meant as a new report, or belongs to the one in the making."""
    held = turn.draft.held
    turn.change(held=Content(), about="", asked=Asked.TEXT)
    if not held:
        ask_next(turn)
        return
    filling.add(turn, held)


def begin(turn: Turn) -> None:
    """A new report; one that is already in the making is not lost by it."""
    if turn.draft.content or turn.draft.spot:
        rows = ((turn.choice("go_on", "d1|go"), turn.choice("start_again", "d1|again")),)
        turn.say("ask_go_on", rows, about=questions.about(turn.draft.content.text or "…"))
        return
    turn.change(asked=Asked.TEXT, held=Content(), about="")
    turn.say("ask_all")


def stale(turn: Turn) -> None:
    if turn.draft.begun:
        turn.note("button_old")
        ask_next(turn)
    elif turn.draft.sent:
        turn.say("already_sent", ((turn.choice("follow", f"t1|{turn.draft.sent}"),),), code=turn.draft.sent)
    else:
        turn.say("button_old_start", ((turn.choice("start_report", "d1|start"),),))


def speak(turn: Turn, lang: str) -> Talk:
    chosen = next(known for known in LANGS if known == lang)
    yield from wishes.speak(chosen)
    turn.lang = chosen
    turn.know = msgspec.structs.replace(turn.know, lang=chosen)
    turn.note("language_set")
    if turn.draft.begun:
        ask_next(turn)
    else:
        turn.say("hello_short", ((turn.choice("start_report", "d1|start"),),))


def erase(turn: Turn) -> Talk:
    yield from wishes.erase()
    turn.draft = Draft()
    turn.say("erase_done")
