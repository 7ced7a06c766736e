"""What the dialogue and the notifications say becomes Telegram messages."""

import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    KeyboardButton,
    LinkPreviewOptions,
    Message,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    WebAppInfo,
)
from telegram.constants import FileSizeLimit, MediaGroupLimit, MessageLimit, ParseMode
from telegram.error import BadRequest, TelegramError

from app.i18n import t
from app.notify.model import Senders, Telling, Unreachable
from app.settings import Settings
from bot.conversation.model import MapOffer, Reply
from bot.telegram.client import Bot, as_failure, bot_of

log = structlog.get_logger()

_CODE = re.compile(r"PA-[0-9A-Z]{4}-[0-9A-Z]{4}")
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
DOWNLOAD_MOST = int(FileSizeLimit.FILESIZE_DOWNLOAD)


def render(text: str, most: int = MessageLimit.MAX_TEXT_LENGTH) -> str:
    """Telegram's HTML: all escaped, report codes set so that a tap copies them; at most ``most`` UTF-16 units."""
    return _CODE.sub(r"<code>\g<0></code>", html.escape(clip(text, most), quote=False))


def clip(text: str, most: int) -> str:
    """The text, cut to Telegram's way of counting (a character beyond U+FFFF counts twice)."""
    units = text.encode("utf-16-le")
    if len(units) <= 2 * most:
        return text
    return units[: 2 * (most - 1)].decode("utf-16-le", "ignore").rstrip() + "…"


def _inline(rows: tuple[tuple[tuple[str, str], ...], ...]) -> InlineKeyboardMarkup | None:
    if not rows:
        return None
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(label, callback_data=data) for label, data in row] for row in rows]
    )


async def deliver(bot: Bot, chat_id: str, reply: Reply) -> None:
    """Send one reply of the dialogue. Raises what ``as_failure`` says."""
    try:
        if not reply.instead_of or not await _replace(bot, chat_id, reply):
            await _send(bot, chat_id, reply)
    except TelegramError as error:
        raise as_failure(error) from error


async def _send(bot: Bot, chat_id: str, reply: Reply) -> None:
    text = reply.text
    if reply.place_button:
        text += "\n\n" + t("bot.place_by_button", reply.lang)
    markup: InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove
    if inline := _inline(tuple(tuple((c.label, c.data) for c in row) for row in reply.rows)):
        markup = inline
    elif reply.place_button:
        key = KeyboardButton(reply.place_button, request_location=True)
        markup = ReplyKeyboardMarkup([[key]], resize_keyboard=True, one_time_keyboard=True)
    else:
        # Whoever answered in words instead still has the place button under the text field.
        markup = ReplyKeyboardRemove()
    await bot.send_message(
        chat_id,
        render(text),
        parse_mode=ParseMode.HTML,
        reply_markup=markup,
        link_preview_options=_NO_PREVIEW,
    )
    if reply.map_offer:
        await _offer_map(bot, chat_id, reply.map_offer)


async def _offer_map(bot: Bot, chat_id: str, offer: MapOffer) -> None:
    """In a message of its own: a keyboard under the text field and buttons in the message exclude each other, and from
    the former Telegram opens a page without saying whose it is. The question has arrived and must not come twice, so
    a failure here costs the offer alone."""
    button = InlineKeyboardButton(offer.label, web_app=WebAppInfo(offer.url))
    try:
        await bot.send_message(chat_id, offer.words, reply_markup=InlineKeyboardMarkup([[button]]))
    except TelegramError as error:
        log.warning("the map was not offered", reason=as_failure(error).reason)


async def _replace(bot: Bot, chat_id: str, reply: Reply) -> bool:
    """Put a menu in the place of the one it was opened from. False: that message cannot be changed any more."""
    try:
        await bot.edit_message_text(
            render(reply.text),
            chat_id=chat_id,
            message_id=reply.instead_of,
            parse_mode=ParseMode.HTML,
            reply_markup=_inline(tuple(tuple((c.label, c.data) for c in row) for row in reply.rows)),
            link_preview_options=_NO_PREVIEW,
        )
    except BadRequest as error:
        # The same menu once more is what was wanted; any other refusal means it must come as a new message.
        return "message is not modified" in str(error).lower()
    return True


class TelegramSender:
    """``app.notify``'s way into Telegram: each telling arrives whole, in as few messages as its parts allow."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def send(self, user_id: str, telling: Telling) -> str:
        """Deliver and give the message's number. Raises Unreachable, Refused, TryLater or Uncertain."""
        photos = telling.photos[: MediaGroupLimit.MAX_MEDIA_LENGTH]
        try:
            together = await self._with_photos(user_id, photos, telling) if photos else None
            sent = together or await self._text(user_id, telling)
        except TelegramError as error:
            raise as_failure(error) from error
        if not together:
            await self._photos_after(user_id, photos)
        return str(sent.message_id)

    async def _with_photos(self, user_id: str, photos: tuple[bytes, ...], telling: Telling) -> Message | None:
        """Words and photos in one call. None: they do not go together, or Telegram does not like the photos."""
        if not _fits_caption(telling.text) or (len(photos) > 1 and telling.buttons):
            return None
        try:
            if len(photos) == 1:
                return await self._one_photo(user_id, photos[0], telling)
            return (await self._album(user_id, photos, telling.text))[0]
        except BadRequest as error:
            if isinstance(as_failure(error), Unreachable):
                raise
            return None

    async def _text(self, user_id: str, telling: Telling) -> Message:
        return await self._bot.send_message(
            user_id,
            render(telling.text),
            parse_mode=ParseMode.HTML,
            reply_markup=_buttons(telling),
            link_preview_options=_NO_PREVIEW,
        )

    async def _one_photo(self, user_id: str, photo: bytes, telling: Telling) -> Message:
        return await self._bot.send_photo(
            user_id,
            photo,
            caption=render(telling.text, MessageLimit.CAPTION_LENGTH),
            parse_mode=ParseMode.HTML,
            reply_markup=_buttons(telling),
        )

    async def _album(self, user_id: str, photos: tuple[bytes, ...], text: str = "") -> tuple[Message, ...]:
        media = [InputMediaPhoto(photo) for photo in photos]
        caption = render(text, MessageLimit.CAPTION_LENGTH) if text else None
        return await self._bot.send_media_group(user_id, media, caption=caption, parse_mode=ParseMode.HTML)

    async def _photos_after(self, user_id: str, photos: tuple[bytes, ...]) -> None:
        """An album takes no buttons, so it follows its text. The text has arrived and must not come twice: a failure
        here costs the pictures, which are still to be seen with the report."""
        try:
            if len(photos) == 1:
                await self._bot.send_photo(user_id, photos[0])
            elif photos:
                await self._album(user_id, photos)
        except TelegramError as error:
            log.warning("pictures were not delivered", reason=as_failure(error).reason)


def _buttons(telling: Telling) -> InlineKeyboardMarkup | None:
    return _inline(tuple(tuple((b.label, b.data) for b in row) for row in telling.buttons))


def _fits_caption(text: str) -> bool:
    return len(text.encode("utf-16-le")) <= 2 * MessageLimit.CAPTION_LENGTH


@asynccontextmanager
async def telegram_sender(settings: Settings) -> AsyncIterator[Senders]:
    """For the worker: the way into the chats of the bot that the settings name, or the simulator's."""
    if settings.telegram is None and not settings.simulated:
        yield {}
        return
    async with bot_of(settings) as bot:
        yield {"telegram": TelegramSender(bot)}
