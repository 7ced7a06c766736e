"""docs/vi/hoi-thoai.md: every recorded conversation as it looks, in the words the dialogue says today.

python -m tests.channels.page      write the page anew
"""

import textwrap
from pathlib import Path
from typing import Any

from app.i18n import Lang, t
from app.reports.intake import Located, facts_for
from app.reports.model import NewReport, Status
from app.routing.service import commune_office
from bot.conversation import wishes
from bot.conversation.draft import Draft
from bot.conversation.model import COMMANDS, Choice, Reply
from tests.channels.afterwards import SCENES, Said
from tests.channels.recorded import Conversation, Step, book
from tests.conversation.talk import NOW, Talk, gazetteer, report, rules

PAGE = Path(__file__).parents[2] / "docs" / "vi" / "hoi-thoai.md"
_WIDTH, _INDENT = 64, 34

_HEAD = """\
# Các cuộc trò chuyện

Trang này cho thấy người dân và bot nói với nhau thế nào, từ tin nhắn đầu tiên đến mã phản ánh và kết quả. Lời của bot
lấy từ chính chương trình, nên trang luôn đúng với bản đang dùng. Người dân ở bên phải; ô trong ngoặc vuông là nút bấm.
Trên Zalo Bot, nơi không có nút, các lựa chọn được đánh số và người dân nhắn số.
"""


class _Shown(Talk):
    """Answered with the agency and the deadline that the rules give such a report."""

    def _fulfil(self, wish: wishes.Wish) -> Any:
        if isinstance(wish, wishes.FileReport):
            self.sent = _sent(wish.draft, self.lang)
        return super()._fulfil(wish)


def _sent(draft: Draft, lang: Lang) -> wishes.Sent:
    assert draft.spot is not None
    new = NewReport(
        text=draft.content.text, place=draft.spot.place(), channel="telegram", lang=lang, consent=True,
        photos=tuple(photo.photo for photo in draft.content.photos),
    )  # fmt: skip
    commune = gazetteer().commune(draft.spot.commune)
    located = Located(draft.spot.lat, draft.spot.lon, draft.spot.address, commune, approximate=True)
    decision = rules().decide(facts_for(new, located, draft.category, NOW))
    agency = rules().agencies.get(decision.agency_id)
    if agency is None and commune is not None:
        agency = commune_office(rules(), commune.code, commune.full_name)
    assert agency is not None
    name = agency.name_en or agency.name if lang == "en" else agency.name
    at_desk = decision.agency_id == rules().coordinator_id
    status = Status.SUBMITTED if at_desk else Status.ASSIGNED
    filed = report(status=status, intake_due_at=decision.intake_due, due_at=decision.handling_due)
    return wishes.Sent(filed, name)


def page() -> str:
    parts = [_HEAD]
    for number, conversation in enumerate(book().conversations, 1):
        said = "\n".join(_lines(conversation))
        parts.append(f"## {number}. {conversation.title}\n\n```text\n{said}\n```\n")
    parts.append("# Sau khi gửi, và những lời khác\n")
    for title, scene in SCENES:
        said = "\n\n".join("\n".join(_shown(each)) for each in scene(Talk()))
        parts.append(f"## {title}\n\n```text\n{said}\n```\n")
    return "\n".join(parts)


def _shown(said: Said) -> list[str]:
    if said.by_citizen:
        return _right(said.text)
    return [*_wrapped(said.text), *(" ".join(f"[{label}]" for label in row) for row in said.rows)]


def _lines(conversation: Conversation) -> list[str]:
    # Consent is asked once in a life; the page shows it in the first conversation and not in all the others.
    talk = _Shown(lang=conversation.lang, consented=conversation is not book().conversations[0])
    lines: list[str] = []
    for number, step in enumerate(conversation.steps):
        if step.kind == "sees":
            continue
        shown = _do(talk, step, number)
        lines += [*_right(shown), *(line for reply in talk.replies for line in _left(reply)), ""]
    return lines[:-1]


def _do(talk: Talk, step: Step, number: int) -> str:
    """Do it, and say how it looks on the citizen's side."""
    match step.kind:
        case "says" if (step.says or "").startswith("/"):
            command, _, argument = (step.says or "/")[1:].partition(" ")
            talk.commands(COMMANDS[command], argument)
            return step.says or ""
        case "says":
            talk.says(step.says or "")
            return step.says or ""
        case "photo":
            talk.sends_photo(number, step.photo or "")
            return f"📷 {step.photo or ''}".strip()
        case "album":
            for each in range(step.album or 0):
                talk.sends_photo(100 + each, step.caption if each == 0 else "", album=True)
            talk.stops_sending()
            return f"{'📷' * (step.album or 0)} {step.caption}".strip()
        case "place":
            talk.sends_place(*book().places[step.place or ""])
            return f"📍 ({step.place})"
        case _:
            return _pick(talk, step.picks or "")


def _pick(talk: Talk, words: str) -> str:
    # Who has agreed before is asked no more: the button says less.
    if not any(words in label for label in talk.labels()):
        words = t("bot.send", talk.lang)
    label = next((label for label in talk.labels() if words in label), "")
    assert label, f"no choice {words!r} among {talk.labels()}"
    talk.presses(label)
    return f"[{label}]"


def _right(text: str) -> list[str]:
    return [" " * _INDENT + line for line in textwrap.wrap(text, _WIDTH - 14)]


def _left(reply: Reply) -> list[str]:
    lines = _wrapped(reply.text)
    if reply.place_button:
        lines.append(f"[{reply.place_button}]")
    return [*lines, *(_row(row) for row in reply.rows)]


def _wrapped(text: str) -> list[str]:
    return [line for part in text.split("\n") for line in textwrap.wrap(part, _WIDTH) or [""]]


def _row(row: tuple[Choice, ...]) -> str:
    return " ".join(f"[{choice.label}]" for choice in row)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
