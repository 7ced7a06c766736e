"""A Zalo Bot's calls: ``POST <host>/bot<token>/<method>``."""

from collections.abc import Awaitable
from typing import Any

import httpx

from app.notify.model import Refused, SendFailed, TryLater, Unreachable
from app.settings.channels import ZaloBot
from bot.zalo.http import Json, call

SIMULATOR_TOKEN = "1000000002:local-zalo-bot-server-only"  # noqa: S105  # opens nothing but our own simulator

_POLL_SECONDS = 25
_IDLE = 408
_GONE = ("blocked", "chat not found", "user not found", "deactivated")


class BotError(Exception):
    """Zalo refused a call: ``code`` as it gives it, else the HTTP status. The words hold no token."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(f"{code} {words}")
        self.code = code
        self.words = words[:200]


class BotApi:
    """Methods raise BotError for a refusal, TryLater or Uncertain when no answer came."""

    def __init__(self, http: httpx.AsyncClient, settings: ZaloBot) -> None:
        self.http = http
        self._base = f"{settings.host}/bot{settings.token}"

    async def me(self) -> Json:
        found = await self._call("getMe", {})
        return found if isinstance(found, dict) else {}

    async def updates(self) -> list[Json]:
        """Waits for the next events; none when it was quiet. There is no acknowledging: what is given is given."""
        try:
            found = await self._call("getUpdates", {"timeout": str(_POLL_SECONDS)}, _POLL_SECONDS + 15.0)
        except BotError as error:
            if error.code == _IDLE:
                return []
            raise
        if isinstance(found, dict):
            return [found] if found else []
        return [one for one in found or [] if isinstance(one, dict)]

    async def message(self, chat_id: str, text: str) -> str:
        return _reference(await self._call("sendMessage", {"chat_id": chat_id, "text": text}))

    async def photo(self, chat_id: str, url: str, caption: str = "") -> str:
        """Zalo fetches the picture from ``url`` itself."""
        body = {"chat_id": chat_id, "photo": url} | ({"caption": caption} if caption else {})
        return _reference(await self._call("sendPhoto", body))

    async def set_webhook(self, url: str, secret: str) -> None:
        await self._call("setWebhook", {"url": url, "secret_token": secret})

    async def delete_webhook(self) -> None:
        await self._call("deleteWebhook", {})

    async def webhook(self) -> Json:
        found = await self._call("getWebhookInfo", {})
        return found if isinstance(found, dict) else {}

    async def _call(self, method: str, body: Json, seconds: float = 20.0) -> Any:
        status, answer = await call(self.http, f"{self._base}/{method}", json=body, seconds=seconds)
        if answer.get("ok") is True:
            return answer.get("result")
        code = answer.get("error_code")
        raise BotError(code if isinstance(code, int) else status, str(answer.get("description") or ""))


async def sent(work: Awaitable[str]) -> str:
    """A sending call, its refusal put as the notifier and the dialogue know it."""
    try:
        return await work
    except BotError as error:
        raise _failure(error) from None


def _failure(error: BotError) -> SendFailed:
    words = f"{error.code} {error.words}".strip()
    if error.code == 403 or any(sign in words.lower() for sign in _GONE):
        return Unreachable(words)
    if error.code == 429:
        return TryLater(words, 1.0)
    if error.code in (401, 404):
        # The token is wrong, which is the operator's to mend; the message is none the worse for it.
        return TryLater(words, 30.0)
    return TryLater(words, 0.5) if error.code >= 500 else Refused(words)


def _reference(result: Any) -> str:
    return str(result.get("message_id") or "") if isinstance(result, dict) else ""
