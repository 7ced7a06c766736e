"""Zalo: whether the bot answers and brings events here, and whether the Official Account's token can be renewed."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from app.db import Conn
from app.doctor.finding import Finding, Findings
from app.notify.model import SendFailed
from app.settings import Settings
from app.settings.channels import ZaloBot
from bot.zalo.bot_api import BotApi, BotError
from bot.zalo.http import client
from bot.zalo.tokens import CHANNEL

_RENEWED_WITHIN = timedelta(days=30)
_NEW_TOKEN = "Get a refresh token in Zalo's developer console and give it in: phananh zalo token"  # noqa: S105  # advice


async def zalo_bot(settings: ZaloBot) -> Findings:
    host = urlsplit(settings.host).hostname
    try:
        async with client(settings.host) as http:
            api = BotApi(http, settings)
            me, webhook = await api.me(), await api.webhook()
    except BotError as error:
        says = f"Zalo does not take the bot's token ({error.code})."
        return [Finding("zalo bot", "bad", says, "Get a new one and put it into PHANANH_ZALO_BOT_TOKEN.")]
    except SendFailed as failure:
        says = f"Zalo cannot be reached ({failure.reason})."
        return [Finding("zalo bot", "bad", says, f"Allow outgoing HTTPS to {host} and check the machine's DNS.")]
    name = me.get("account_name") or me.get("display_name") or me.get("first_name") or me.get("id")
    if str(webhook.get("url") or "") != (settings.webhook_url or ""):
        says = "Zalo brings the bot's events to another address than ours, or still has a webhook."
        return [Finding("zalo bot", "bad", says, "Run 'phananh webhook' once.")]
    return [Finding("zalo bot", "ok", f"{name} answers.")]


async def zalo_oa(conn: Conn, settings: Settings) -> Findings:
    """Nothing where no Official Account is set."""
    if settings.zalo_oa is None:
        return []
    kept = await conn.fetchrow(
        "SELECT error, renewed_at FROM channel_tokens WHERE channel = $1 AND account = $2",
        CHANNEL,
        settings.zalo_oa.app_id,
    )
    if kept is None:
        return [Finding("zalo oa", "bad", "The Official Account has no token yet.", _NEW_TOKEN)]
    if kept["error"]:
        return [Finding("zalo oa", "bad", f"The token could not be renewed: {kept['error']}.", _NEW_TOKEN)]
    if datetime.now(UTC) - kept["renewed_at"] > _RENEWED_WITHIN:
        says = f"The token was last renewed on {kept['renewed_at']:%Y-%m-%d}; a token that is not used expires."
        return [Finding("zalo oa", "warn", says, _NEW_TOKEN)]
    return [Finding("zalo oa", "ok", f"The token was renewed on {kept['renewed_at']:%Y-%m-%d}.")]
