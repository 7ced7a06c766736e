"""What we talk to: the object store and Telegram."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from telegram import WebhookInfo
from telegram.error import InvalidToken, TelegramError

from app.doctor.finding import Finding, Findings
from app.settings import Settings
from app.wiring import object_store
from bot.telegram.client import Bot
from storage.objects import StoreUnavailable

OpenBot = Callable[[Settings], AbstractAsyncContextManager[Bot]]
_WEBHOOK_PENDING = 100


async def photo_store(settings: Settings) -> Findings:
    store = object_store(settings)
    try:
        await store.check()
    except StoreUnavailable as error:
        where = "PHANANH_S3_ENDPOINT and the keys" if settings.s3 else f"the permissions of {settings.home}"
        return [
            Finding("object store", "bad", f"Photos cannot be kept: {error}.", f"See whether it runs; check {where}.")
        ]
    finally:
        await store.close()
    where = (
        f"bucket {settings.s3.bucket} at {settings.s3.endpoint}"
        if settings.s3
        else f"the folder {settings.home}/photos"
    )
    return [Finding("object store", "ok", f"Written, read and deleted in {where}.")]


async def chat_bot(settings: Settings, open_bot: OpenBot) -> Findings:
    if settings.telegram is None and not settings.simulated:
        return []
    if settings.telegram is None:
        says = "No bot token is set: citizens are played in the local chat."
        return [Finding("bot", "ok", says, "For a real bot set PHANANH_TELEGRAM_TOKEN.")]
    try:
        async with open_bot(settings) as bot:
            me = await bot.get_me()
            webhook = await bot.get_webhook_info()
    except InvalidToken:
        advice = "Get a new one from @BotFather and put it into PHANANH_TELEGRAM_TOKEN."
        return [Finding("bot", "bad", "Telegram does not know the bot token; it was revoked or mistyped.", advice)]
    except TelegramError as error:
        says = f"Telegram cannot be reached ({type(error).__name__})."
        return [Finding("bot", "bad", says, "Allow outgoing HTTPS to api.telegram.org and check the machine's DNS.")]
    return [Finding("bot", "ok", f"@{me.username} answers."), _webhook(settings.telegram.webhook_url, webhook)]


def _webhook(wanted: str | None, info: WebhookInfo) -> Finding:
    if (wanted or "") != info.url:
        says = "Telegram brings updates to another address than ours." if wanted else "Telegram still has a webhook."
        return Finding("webhook", "bad", says, "Run 'phananh webhook' once.")
    if wanted is None:
        return Finding("webhook", "ok", "None is set: the bot fetches its updates (long polling).")
    waiting = f"{info.pending_update_count} updates wait"
    last: Any = info.last_error_date
    if last is not None and datetime.now(UTC) - last < timedelta(hours=1):
        says = f"Telegram could not bring an update at {last:%H:%M} UTC ({info.last_error_message}); {waiting}."
        return Finding("webhook", "warn", says, "See whether the bot runs and the proxy lets Telegram through.")
    if info.pending_update_count > _WEBHOOK_PENDING:
        return Finding("webhook", "warn", f"{waiting}.", "See whether the bot runs.")
    return Finding("webhook", "ok", f"Telegram brings updates to {urlsplit(wanted).hostname}; {waiting}.")
