"""What the dialogue and the notifications say becomes Telegram messages."""

import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog
from telegram import (
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    InputMediaPhoto,
    KeyboardButton,
    LinkPreviewOptions,
    Message,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    ReplyParameters,
    WebAppInfo,
)
from telegram.constants import FileSizeLimit, MediaGroupLimit, MessageLimit, ParseMode
from telegram.error import BadRequest, TelegramError

from app.i18n import t
from app.notify.model import CardSenders, Telling, Unreachable
from app.settings import Settings
from bot.conversation.model import MapOffer, Reply
from bot.telegram.client import Bot, as_failure, bot_of

log = structlog.get_logger()

_CODE = re.compile(r"PA-[0-9A-Z]{4}-[0-9A-Z]{4}")
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_SAME = "message is not modified"
_PLACEHOLDER_MOST, _NAME_MOST = 64, 100
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


async def deliver(bot: Bot, chat_id: str, reply: Reply, photo: bytes | None = None) -> None:
    """Send one reply of the dialogue, with its ``photo`` (JPEG). Raises what ``as_failure`` says."""
    try:
        if photo and _fits_caption(reply.text) and await _show(bot, chat_id, reply, photo):
            return
        if not reply.instead_of or not await _replace(bot, chat_id, reply):
            await _send(bot, chat_id, reply)
    except TelegramError as error:
        raise as_failure(error) from error


async def _send(bot: Bot, chat_id: str, reply: Reply) -> None:
    markup: InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove | ForceReply | None
    answers = ReplyParameters(reply.answers, allow_sending_without_reply=True) if reply.answers else None
    if reply.venue:
        await bot.send_venue(chat_id, *reply.venue, reply_parameters=answers)
        return
    if inline := _inline(tuple(tuple((c.label, c.data) for c in row) for row in reply.rows)):
        markup = inline
    elif reply.place_button:
        key = KeyboardButton(reply.place_button, request_location=True)
        markup = ReplyKeyboardMarkup([[key]], resize_keyboard=True, one_time_keyboard=True)
    elif reply.ask:
        markup = ForceReply(selective=True, input_field_placeholder=reply.ask[:_PLACEHOLDER_MOST])
    elif chat_id.startswith("-"):
        markup = None  # a group has no place button to take away
    else:
        # Whoever answered in words instead still has the place button under the text field.
        markup = ReplyKeyboardRemove()
    await bot.send_message(
        chat_id,
        _named(reply),
        parse_mode=ParseMode.HTML,
        reply_markup=markup,
        reply_parameters=answers,
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


def _named(reply: Reply) -> str:
    """The text, under it the name of whom it is for, in a way that Telegram tells that person alone."""
    if reply.to is None:
        by_button = "\n\n" + t("bot.place_by_button", reply.lang) if reply.place_button else ""
        return render(reply.text + by_button)
    user_id, name = reply.to
    who = f'<a href="tg://user?id={int(user_id)}">{html.escape(clip(name, _NAME_MOST), quote=False)}</a>'
    return f"{render(reply.text, MessageLimit.MAX_TEXT_LENGTH - _NAME_MOST - 2)}\n\n{who}"


async def _show(bot: Bot, chat_id: str, reply: Reply, photo: bytes) -> bool:
    """Photo, words and buttons in one message. False: Telegram does not like the photo; the words are to go alone."""
    try:
        await bot.send_photo(
            chat_id,
            photo,
            caption=render(reply.text, MessageLimit.CAPTION_LENGTH),
            parse_mode=ParseMode.HTML,
            reply_markup=_inline(tuple(tuple((c.label, c.data) for c in row) for row in reply.rows)),
        )
    except BadRequest as error:
        if isinstance(as_failure(error), Unreachable):
            raise
        return False
    return True


async def _replace(bot: Bot, chat_id: str, reply: Reply) -> bool:
    """Put a menu in the place of the one it was opened from. False: that message cannot be changed any more."""
    rows = _inline(tuple(tuple((c.label, c.data) for c in row) for row in reply.rows))
    return await _edit(bot, chat_id, reply.instead_of, reply.text, rows)


async def _edit(bot: Bot, chat_id: str, number: int, text: str, rows: InlineKeyboardMarkup | None) -> bool:
    """Give one of our messages other words and buttons, be they its text or under its photo. False: it refuses."""
    where: dict[str, Any] = {"chat_id": chat_id, "message_id": number, "parse_mode": ParseMode.HTML}
    try:
        await bot.edit_message_text(render(text), reply_markup=rows, link_preview_options=_NO_PREVIEW, **where)
    except BadRequest as error:
        said = str(error).lower()
        if "no text in the message" not in said:
            # The same once more is what was wanted; any other refusal means it must come as a new message.
            return _SAME in said
        try:
            caption = render(text, MessageLimit.CAPTION_LENGTH)
            await bot.edit_message_caption(caption=caption, reply_markup=rows, **where)
        except BadRequest as again:
            return _SAME in str(again).lower()
    return True


class TelegramSender:
    """``app.notify``'s way into Telegram: each telling arrives whole, in as few messages as its parts allow."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def send(self, user_id: str, telling: Telling) -> str:
        """Deliver and give the message's number. Raises Unreachable, Refused, TryLater or Uncertain."""
        if telling.documents:
            return await self._documents(user_id, telling)
        photos = telling.photos[: MediaGroupLimit.MAX_MEDIA_LENGTH]
        try:
            together = await self._with_photos(user_id, photos, telling) if photos else None
            sent = together or await self._text(user_id, telling)
        except TelegramError as error:
            raise as_failure(error) from error
        if not together:
            await self._photos_after(user_id, photos)
        return str(sent.message_id)

    async def edit(self, chat_id: str, ref: str, telling: Telling) -> None:
        """Give the message ``ref`` other words and buttons; its photo stays. One that is gone or too old is left alone.

        Raises Unreachable, Refused, TryLater or Uncertain.
        """
        try:
            await _edit(self._bot, chat_id, int(ref), telling.text, _buttons(telling))
        except TelegramError as error:
            raise as_failure(error) from error

    async def _documents(self, user_id: str, telling: Telling) -> str:
        """Files with the words below them, in one call, so that nobody gets half of it twice; words that are too long
        for that are cut."""
        caption = render(telling.text, MessageLimit.CAPTION_LENGTH)
        files = telling.documents[: MediaGroupLimit.MAX_MEDIA_LENGTH]
        try:
            if len(files) == 1:
                sent = await self._bot.send_document(
                    user_id, files[0].data, filename=files[0].name, caption=caption, parse_mode=ParseMode.HTML
                )
                return str(sent.message_id)
            media = [InputMediaDocument(file.data, filename=file.name) for file in files[:-1]]
            media.append(
                InputMediaDocument(files[-1].data, filename=files[-1].name, caption=caption, parse_mode=ParseMode.HTML)
            )
            return str((await self._bot.send_media_group(user_id, media))[0].message_id)
        except TelegramError as error:
            raise as_failure(error) from error

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
async def telegram_sender(settings: Settings) -> AsyncIterator[CardSenders]:
    """For the worker: the way into the chats of the bot that the settings name, or the simulator's."""
    if settings.telegram is None and not settings.simulated:
        yield {}
        return
    async with bot_of(settings) as bot:
        yield {"telegram": TelegramSender(bot)}
