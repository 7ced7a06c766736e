"""Reports that were sent on the web come into this chat, and this chat's reports are opened in a browser."""

from app.errors import AppError
from app.reports.devices import MINUTES, read_code
from bot.conversation import wishes
from bot.conversation.turn import Turn
from bot.conversation.wishes import Talk


def is_code(text: str) -> bool:
    """A code of the web page, typed by itself or brought by a link."""
    return read_code(text) is not None


def ask(turn: Turn, typed: str) -> Talk:
    """Whether the reports behind the code shall be this chat's too: nothing happens by opening a link."""
    count = yield from wishes.web_look(typed)
    if isinstance(count, AppError):
        turn.note_problems(count)
        turn.say("web_hint")
        return
    rows = ((turn.choice("web_yes", f"h1|{read_code(typed)}"),), (turn.choice("link_no", "k0"),))
    turn.say("web_ask", rows, count=count)


def take(turn: Turn, typed: str) -> Talk:
    count = yield from wishes.web_take(typed)
    if isinstance(count, AppError):
        turn.note_problems(count)
        turn.say("web_hint")
        return
    turn.say("web_taken" if count else "web_taken_none", count=count)


def on_the_web(turn: Turn) -> Talk:
    """A link that shows this chat's reports in one browser, once."""
    link = yield from wishes.web_link()
    turn.say("web_link" if link else "list_empty", link=link, minutes=MINUTES)
