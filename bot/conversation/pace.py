"""How fast a chat talks. A flood is answered once and kindly; ordinary talk is never held up.

By the channel's own times, so that messages which waited while we were away count as what they were: hours apart. Kept
in memory, without a word of it in the database: one process alone answers a bot, and a new one may begin with a clean
sheet.
"""

import hashlib
from collections import OrderedDict, deque
from typing import Literal

from bot.conversation.model import Incoming

Verdict = Literal["", "silent", "slow_down"]
"""Answer it; nothing more need be said; tell that it comes too fast."""

PER_MINUTE = 60
"""Messages of one chat; six albums of ten pictures."""
_WINDOW = 60
_LONG = 12
"""A text of so many characters is no "đúng" or "1", which may rightly come again and again."""
_SHORT_REPEATS = 6
_CHATS = 10_000


class _Chat:
    __slots__ = ("judged", "last", "repeats", "said_at", "times", "told")

    def __init__(self) -> None:
        self.times: deque[int] = deque()
        self.last = b""
        self.said_at = 0
        self.repeats = 0
        self.told = False
        self.judged: tuple[str, Verdict] = ("", "")


class Pace:
    """One bot's chats; those that have been silent the longest are forgotten first."""

    def __init__(self) -> None:
        self._chats: OrderedDict[str, _Chat] = OrderedDict()

    def judge(self, chat_id: str, said: Incoming) -> Verdict:
        """What to do with a message. The same one, tried again after a failure, is judged the same."""
        if not said.at:
            return ""
        chat = self._chats.setdefault(chat_id, _Chat())
        self._chats.move_to_end(chat_id)
        if len(self._chats) > _CHATS:
            self._chats.popitem(last=False)
        if chat.judged[0] != said.key:
            chat.judged = (said.key, self._judge(chat, said))
        return chat.judged[1]

    def _judge(self, chat: _Chat, said: Incoming) -> Verdict:
        while chat.times and chat.times[0] <= said.at - _WINDOW:
            chat.times.popleft()
        chat.times.append(said.at)
        if len(chat.times) > PER_MINUTE:
            verdict: Verdict = "silent" if chat.told else "slow_down"
            chat.told = True
            return verdict
        chat.told = False
        return "silent" if self._repeats(chat, said) else ""

    def _repeats(self, chat: _Chat, said: Incoming) -> bool:
        """Whether the very words came a moment ago. They are in the draft already; nothing is lost."""
        if not said.text or said.files or said.edited:
            return False
        same = hashlib.blake2b(said.text.encode(), digest_size=16).digest()
        again = same == chat.last and said.at - chat.said_at <= _WINDOW
        chat.last, chat.said_at = same, said.at
        chat.repeats = chat.repeats + 1 if again else 0
        long = len(said.text) >= _LONG and not said.command
        return again and (long or chat.repeats >= _SHORT_REPEATS)
