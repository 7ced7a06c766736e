"""An Official Account's one call: a message to a person who wrote, with buttons or a picture.

Zalo answers 200 with ``error`` 0, or another number. Which number means what is not written down in one place; those
known are listed, and the words decide where the number is unknown.
"""

from collections.abc import Sequence

import httpx

from app.db import Pool
from app.notify.model import Closed, Refused, SendFailed, TryLater, Uncertain, Unreachable
from app.settings.channels import ZaloOA
from bot.conversation.model import Choice
from bot.zalo import window
from bot.zalo.http import Json, call
from bot.zalo.receive import PRESS
from bot.zalo.tokens import CHANNEL, Tokens

SIMULATOR_APP = "1000000003"
SIMULATOR_SECRET = "local-official-account-only"  # noqa: S105  # opens nothing but our own simulator
SIMULATOR_REFRESH = "sim-refresh-0"

BUTTONS_MOST = 5
_TITLE_MOST = 100
_ADDRESS_MOST = 1000

_TOKEN, _TOKEN_WORDS = {-216, -220, -124}, ("access token", "access_token")
_SHUT, _SHUT_WORDS = {-211, -230, -231, -232, -233, -234}, ("quota", "interact", "48")
_GONE, _GONE_WORDS = {-213, -217, -227}, ("follow", "block", "banned", "inactive")
_BUSY, _BUSY_WORDS = {-32, -14}, ("rate limit", "too many")


class TokenRefused(Exception):
    """Zalo no longer takes this access token."""


def query_button(choice: Choice) -> Json:
    """Pressed, it sends the choice's data as words that nobody sees."""
    return {"type": "oa.query.hide", "title": choice.label[:_TITLE_MOST], "payload": PRESS + choice.data}


def link_button(title: str, url: str) -> Json:
    return {"type": "oa.open.url", "title": title[:_TITLE_MOST], "payload": {"url": url}}


def phone_button(title: str, number: str) -> Json:
    return {"type": "oa.open.phone", "title": title[:_TITLE_MOST], "payload": {"phone_code": number}}


class OaApi:
    def __init__(self, pool: Pool, http: httpx.AsyncClient, settings: ZaloOA) -> None:
        self.http = http
        self.pool = pool
        self._settings = settings
        self.tokens = Tokens(pool, http, settings)

    async def message(self, user_id: str, text: str, *, buttons: Sequence[Json] = (), picture: str = "") -> str:
        """Send, count, and give Zalo's number of it. ``picture``: an address that Zalo fetches; not with buttons.

        Raises what a Sender raises.
        """
        message: Json = {"text": text}
        if buttons:
            message["attachment"] = {"type": "template", "payload": {"buttons": list(buttons)}}
        elif picture:
            elements = [{"media_type": "image", "url": picture}]
            message["attachment"] = {"type": "template", "payload": {"template_type": "media", "elements": elements}}
        body = {"recipient": {"user_id": user_id}, "message": message}
        # Counted before the call: once the person has read it and writes again, the count begins anew.
        await self._count(user_id, 1)
        try:
            answer = await self._with_token(body)
        except SendFailed as failure:
            if not isinstance(failure, Uncertain):
                await self._count(user_id, -1)
            raise
        data = answer.get("data")
        return str(data.get("message_id") or "") if isinstance(data, dict) else ""

    async def _count(self, user_id: str, messages: int) -> None:
        async with self.pool.acquire() as conn:
            await window.count(conn, CHANNEL, user_id, messages)

    async def _with_token(self, body: Json) -> Json:
        """With the token we remember, then the one that is kept, then a new one."""
        access = ""
        for _ in range(3):
            access = await self.tokens.access(spoiled=access)
            try:
                return await self._post(body, access)
            except TokenRefused:
                continue
        raise TryLater("Zalo takes none of our tokens", 60.0)

    async def _post(self, body: Json, access: str) -> Json:
        url = f"{self._settings.host}/v3.0/oa/message/cs"
        status, answer = await call(self.http, url, json=body, headers={"access_token": access})
        error = answer.get("error", 0)
        if error == 0 and status < 400:
            return answer
        code, words = error if isinstance(error, int) else status, str(answer.get("message") or "")
        if status == 401 or _means(code, words, _TOKEN, _TOKEN_WORDS):
            raise TokenRefused
        raise _failure(code, words)


def _failure(code: int, words: str) -> SendFailed:
    said = f"{code} {words}".strip()[:200]
    if _means(code, words, _BUSY, _BUSY_WORDS):
        return TryLater(said, 1.0)
    if code == 403 or _means(code, words, _GONE, _GONE_WORDS):
        return Unreachable(said)
    if _means(code, words, _SHUT, _SHUT_WORDS):
        return Closed(f"window closed: {said}")
    return Refused(said)


def _means(code: int, words: str, codes: set[int], signs: Sequence[str]) -> bool:
    return code in codes or any(sign in words.lower() for sign in signs)
