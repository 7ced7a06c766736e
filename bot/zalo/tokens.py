"""An Official Account's keys. The access token lasts about a day; renewing it costs the refresh token, which is good
for one use, and brings the next one.

Both lie in the database, for they are shared by every process. Whoever renews holds the row's lock and looks again once
it has it, so two at once renew once. The answer is committed before the new access token is used. One hole is left that
nobody can close: should the process or the database die between Zalo's answer and our commit, the old refresh token is
spent and the new one lost; then an administrator gives a new one (``phananh zalo token``).
"""

from datetime import UTC, datetime, timedelta

import httpx
import structlog

from app.db import Conn, Pool, transaction
from app.notify.model import SendFailed, TryLater
from app.settings.channels import ZaloOA
from bot.zalo.http import Json, call

log = structlog.get_logger()

CHANNEL = "zalo_oa"
_MARGIN = timedelta(minutes=10)
_WAIT = 60.0
"""Seconds until a message is tried again that no token was there for."""


class Tokens:
    """The keys of one account, of which this process remembers the access token until it is nearly over."""

    def __init__(self, pool: Pool, http: httpx.AsyncClient, settings: ZaloOA) -> None:
        self._pool = pool
        self._http = http
        self._settings = settings
        self._access = ""
        self._until = datetime.min.replace(tzinfo=UTC)

    async def access(self, *, spoiled: str = "") -> str:
        """An access token that is good, as far as is known. ``spoiled``: one that Zalo has just refused.

        Raises TryLater when there is none to be had: the message is none the worse for it.
        """
        if self._access and self._access != spoiled and self._until - _MARGIN > datetime.now(UTC):
            return self._access
        async with transaction(self._pool) as conn:
            kept = await conn.fetchrow(
                """
                SELECT access_token, refresh_token, expires_at FROM channel_tokens
                WHERE channel = $1 AND account = $2 FOR UPDATE
                """,
                CHANNEL,
                self._settings.app_id,
            )
            if kept is None:
                log.error("the Official Account has no token yet; give it the first one: phananh zalo token")
                raise TryLater("no token", _WAIT)
            access, until = kept["access_token"], kept["expires_at"]
            failure: TryLater | None = None
            if access in ("", spoiled) or until - _MARGIN <= datetime.now(UTC):
                try:
                    access, until = await self._renew(conn, kept["refresh_token"])
                except TryLater as error:
                    failure = error
        # Outside of the transaction: why it failed must be kept, too.
        if failure is not None:
            raise failure
        self._access, self._until = access, until
        return self._access

    async def _renew(self, conn: Conn, refresh_token: str) -> tuple[str, datetime]:
        oa = self._settings
        form = {"refresh_token": refresh_token, "app_id": oa.app_id, "grant_type": "refresh_token"}
        try:
            _, answer = await call(
                self._http, f"{oa.oauth_host}/v4/oa/access_token", form=form, headers={"secret_key": oa.app_secret}
            )
        except SendFailed as error:
            await self._note(conn, error.reason)
            raise TryLater(f"token not renewed: {error.reason}", 1.0) from None
        access, refresh = answer.get("access_token"), answer.get("refresh_token")
        if not (isinstance(access, str) and access and isinstance(refresh, str) and refresh):
            why = _why(answer)
            await self._note(conn, why)
            log.error("Zalo refuses to renew the Official Account's token; give it a new one: phananh zalo token",
                      reason=why)  # fmt: skip
            raise TryLater(f"token not renewed: {why}", _WAIT)
        until = datetime.now(UTC) + _lifetime(answer)
        await conn.execute(
            """
            UPDATE channel_tokens SET access_token = $3, refresh_token = $4, expires_at = $5, renewed_at = now(),
                                      error = NULL
            WHERE channel = $1 AND account = $2
            """,
            CHANNEL,
            oa.app_id,
            access,
            refresh,
            until,
        )
        return access, until

    async def _note(self, conn: Conn, why: str) -> None:
        await conn.execute(
            "UPDATE channel_tokens SET error = $3 WHERE channel = $1 AND account = $2",
            CHANNEL,
            self._settings.app_id,
            why[:200],
        )


async def give(conn: Conn, app_id: str, refresh_token: str, *, only_first: bool = False) -> None:
    """Put a refresh token in, in the place of the one that is there unless ``only_first``."""
    await conn.execute(
        """
        INSERT INTO channel_tokens (channel, account, refresh_token) VALUES ($1, $2, $3)
        ON CONFLICT (channel, account) DO UPDATE
        SET refresh_token = $3, access_token = '', expires_at = 'epoch', renewed_at = now(), error = NULL
        WHERE NOT $4
        """,
        CHANNEL,
        app_id,
        refresh_token,
        only_first,
    )


def _why(answer: Json) -> str:
    """Zalo's own reason, without anything that may be a key."""
    words = answer.get("error_name") or answer.get("error_reason") or answer.get("message") or ""
    return f"{answer.get('error', '')} {words}".strip()[:120] or "no token in the answer"


def _lifetime(answer: Json) -> timedelta:
    """What ``expires_in`` says (seconds, as a number or as text), within reason."""
    try:
        seconds = int(answer.get("expires_in") or 0)
    except (TypeError, ValueError):
        seconds = 0
    return timedelta(seconds=min(max(seconds, 3600), 30 * 86_400))
