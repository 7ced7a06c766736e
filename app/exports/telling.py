"""Telling in their own chat who ordered a file that it is ready, or that it could not be made; at most once."""

from collections.abc import Mapping
from uuid import UUID

from app.accounts import chats
from app.accounts import service as accounts
from app.db import Pool
from app.exports import store
from app.i18n import t
from app.notify.attempts import again, outcome
from app.notify.model import CardSender, SendFailed, Telling, TryLater, Unreachable

_BACKOFF_MOST = 1800.0
"""Seconds."""
_TOLD = {"sent": "sent", "uncertain": "uncertain", "queued": ""}


async def tell(
    pool: Pool, senders: Mapping[str, CardSender], public_url: str, export_id: UUID, attempt: int = 1
) -> None:
    """The notice on the pages is there already. Cut off during the call, nobody knows whether it arrived, and it is not
    sent again. Raises RetryRequested when the channel asks us to come back."""
    async with pool.acquire() as conn:
        export = await store.get(conn, export_id)
        if export is None or export.state not in ("ready", "failed"):
            return
        if await accounts.actor_of(conn, export.staff_id) is None:
            return
        linked = [chat for chat in await chats.chats_of(conn, export.staff_id) if chat.channel in senders]
        if not linked or not await store.claim_telling(conn, export_id, (None, ""), "sending"):
            await store.claim_telling(conn, export_id, ("sending",), "uncertain")
            return
    chat = linked[-1]
    words = t(
        f"exports.told_{export.state}",
        export.lang,
        format=export.format.upper(),
        period=export.asked.period.title(export.lang),
        link=f"{public_url}/console/exports/{export_id}",
    )
    failure: SendFailed | None = None
    try:
        await senders[chat.channel].send(chat.user_id, Telling(words, lang=export.lang))
    except SendFailed as failed:
        failure = failed
    async with pool.acquire() as conn:
        if isinstance(failure, Unreachable):
            await chats.unreachable(conn, chat.channel, chat.user_id)
        result = outcome(failure, attempt)
        await store.claim_telling(conn, export_id, ("sending", "uncertain"), _TOLD.get(result, "failed"))
    if isinstance(failure, TryLater) and result == "queued":
        raise again(failure, attempt, _BACKOFF_MOST)
