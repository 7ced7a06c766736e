"""How a person wants to be reached: muting, and linking their chats."""

import re

from app.errors import AppError
from bot.conversation import wishes
from bot.conversation.linking import named
from bot.conversation.turn import Turn
from bot.conversation.wishes import Talk

_CODE_ALONE = re.compile(r"LK[\s-]*[0-9A-Z]{4}[\s-]*[0-9A-Z]{4}", re.IGNORECASE)


def mute(turn: Turn, *, muted: bool) -> Talk:
    """Everything off, or on again."""
    yield from wishes.mute("", muted=muted)
    turn.say("muted_all" if muted else "unmuted_all")


def mute_report(turn: Turn, code: str, *, muted: bool) -> Talk:
    done = yield from wishes.mute(code, muted=muted)
    if isinstance(done, AppError):
        turn.note_problems(done)
        turn.say("track_hint")
        return
    undo = turn.choice("unmute_one", f"m0|{code}") if muted else turn.choice("mute_one", f"m1|{code}")
    turn.say("muted_one" if muted else "unmuted_one", ((undo,),), code=code)


def is_link_code(text: str) -> bool:
    """A link code typed by itself; with its first two letters, or it would be taken for half a report's code."""
    return _CODE_ALONE.fullmatch(text.strip()) is not None


def link(turn: Turn, typed: str) -> Talk:
    """Show a code, or ask whether to join the chat that showed the code typed here."""
    if not typed:
        code = yield from wishes.link_code()
        turn.say("link_code", code=code)
        return
    other = yield from wishes.link_look(typed)
    if isinstance(other, AppError):
        turn.note_problems(other)
        turn.say("link_hint")
        return
    rows = ((turn.choice("link_yes", f"k1|{typed[:20]}"),), (turn.choice("link_no", "k0"),))
    turn.say("link_ask", rows, chat=named(other, turn.lang))


def join(turn: Turn, typed: str) -> Talk:
    other = yield from wishes.link_join(typed)
    if isinstance(other, AppError):
        turn.note_problems(other)
        turn.say("link_hint")
        return
    turn.say("linked", chat=named(other, turn.lang))


def part(turn: Turn) -> Talk:
    left = yield from wishes.unlink()
    if isinstance(left, AppError):
        turn.note_problems(left)
        turn.say("link_hint")
        return
    turn.say("unlinked", chat=", ".join(named(chat, turn.lang) for chat in left))
