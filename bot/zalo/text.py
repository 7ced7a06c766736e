"""Words for a channel without buttons and with little room: choices as numbers, long words in pieces."""

import re
from collections.abc import Sequence

from app.i18n import Lang, t

TEXT_MOST = 2000
"""What a message holds; counted as UTF-16 does, which is never less than Zalo's own count."""

_ENDS = (re.compile(r"\n\n"), re.compile(r"\n"), re.compile(r"[.!?…]\s"), re.compile(r"\s"))
"""Where words may be parted, best first."""


def size(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def numbered(labels: Sequence[str], lang: Lang) -> str:
    """The choices as lines with numbers, and how one chooses."""
    if not labels:
        return ""
    lines = [f"{number}. {label}" for number, label in enumerate(labels, 1)]
    return "\n".join(lines) + "\n\n" + t("bot.choose_by_number", lang)


def pieces(text: str, tail: str = "", most: int = TEXT_MOST) -> list[str]:
    """The text in as few messages as it takes, parted where a sentence ends; ``tail``, the choices, is never parted
    and comes last."""
    parts = []
    room = most - size(tail) - 2 if tail else most
    while size(text) > room:
        # The last piece shares its message with the tail; those before it have one of their own.
        part, text = _cut(text, most if size(text) > most else room)
        parts.append(part)
    return [*parts, "\n\n".join(each for each in (text, tail) if each)]


def _cut(text: str, most: int) -> tuple[str, str]:
    head = text.encode("utf-16-le")[: 2 * most].decode("utf-16-le", "ignore")
    for end in _ENDS:
        places = [found.end() for found in end.finditer(head)]
        if places and places[-1] > len(head) // 2:
            return text[: places[-1]].rstrip(), text[places[-1] :].lstrip()
    return head, text[len(head) :]
