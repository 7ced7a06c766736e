"""What the bot sends, through the real python-telegram-bot."""

import httpx
import pytest
from telegram import (
    Bot,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    InputMediaPhoto,
    KeyboardButton,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)
from telegram.error import BadRequest, EndPointNotFound, Forbidden, InvalidToken

from bot.simulator.client import SimClient, SimUser
from bot.simulator.core import Simulator
from tests.simulator.conftest import TOKEN, bot_for
from tests.simulator.samples import photo


def buttons(*labels: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(label, callback_data=f"v1:{label}")] for label in labels])


async def test_bot_says_who_it_is(bot: Bot) -> None:
    me = await bot.get_me()
    assert (me.id, me.username, me.is_bot) == (123456, "phananh_bot", True)
    assert me.can_read_all_group_messages is False


async def test_wrong_token_is_unauthorized(base_url: str) -> None:
    with pytest.raises(InvalidToken):
        async with bot_for(base_url, "123456:another"):
            pass
    async with httpx.AsyncClient() as http:
        answer = await http.post(f"{base_url}/bot123456:another/getMe")
    assert (answer.status_code, answer.json()["error_code"]) == (401, 401)


async def test_unknown_method_is_not_found(bot: Bot) -> None:
    with pytest.raises(EndPointNotFound):
        await bot.do_api_request("makeCoffee")


async def test_method_names_may_be_in_any_case_and_by_get(base_url: str) -> None:
    async with httpx.AsyncClient() as http:
        answer = await http.get(f"{base_url}/bot{TOKEN}/GETME")
    assert answer.json()["result"]["id"] == 123456


async def test_text_arrives_with_its_marks(bot: Bot, lan: SimUser) -> None:
    sent = await bot.send_message(lan.id, "Mã <b>PA-1</b> &amp; <i>hạn</i>", parse_mode="HTML")
    assert sent.text == "Mã PA-1 & hạn"
    assert [(one.type, sent.parse_entity(one)) for one in sent.entities] == [("bold", "PA-1"), ("italic", "hạn")]
    assert (await lan.wait("PA-1")).id == sent.message_id


async def test_text_that_looks_like_json_stays_text(base_url: str, lan: SimUser) -> None:
    async with httpx.AsyncClient() as http:
        for body in ({"data": {"chat_id": str(lan.id), "text": "42"}}, {"json": {"chat_id": lan.id, "text": "{}"}}):
            answer = await http.post(f"{base_url}/bot{TOKEN}/sendMessage", **body)
            assert answer.status_code == 200, answer.text
    assert [message.text for message in await lan.messages()][-2:] == ["42", "{}"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "message text is empty"),
        ("   \n", "message text is empty"),
        ("a" * 4097, "message is too long"),
        ("🙂" * 2049, "message is too long"),
    ],
)
async def test_text_has_from_1_to_4096_utf16_units(bot: Bot, lan: SimUser, text: str, why: str) -> None:
    with pytest.raises(BadRequest, match=f"(?i){why}"):
        await bot.send_message(lan.id, text)


async def test_longest_text_is_counted_after_its_markup(bot: Bot, lan: SimUser) -> None:
    sent = await bot.send_message(lan.id, "<b>" + "🙂" * 2048 + "</b>", parse_mode="HTML")
    assert sent.entities[0].length == 4096


async def test_broken_html_is_refused(bot: Bot, lan: SimUser) -> None:
    with pytest.raises(BadRequest, match=r"(?i)can't find end tag corresponding to start tag .b."):
        await bot.send_message(lan.id, "<b>đèn", parse_mode="HTML")


async def test_chat_nobody_has_is_not_found(bot: Bot) -> None:
    with pytest.raises(BadRequest, match=r"(?i)Chat not found"):
        await bot.send_message(99, "xin chào")


async def test_bot_cannot_write_first(bot: Bot, sim: SimClient) -> None:
    minh = await sim.user("Minh")
    with pytest.raises(Forbidden, match=r"(?i)can't initiate conversation"):
        await bot.send_message(minh.id, "xin chào")


async def test_reply_quotes_the_message(bot: Bot, lan: SimUser) -> None:
    asked = await lan.text("đèn hỏng")
    sent = await bot.send_message(lan.id, "Ở đâu ạ?", reply_to_message_id=asked.id)
    assert sent.reply_to_message is not None
    assert sent.reply_to_message.text == "đèn hỏng"
    with pytest.raises(BadRequest, match=r"(?i)replied not found"):
        await bot.send_message(lan.id, "Ở đâu ạ?", reply_to_message_id=1)
    lenient = await bot.send_message(lan.id, "Ở đâu ạ?", reply_to_message_id=1, allow_sending_without_reply=True)
    assert lenient.reply_to_message is None


async def test_inline_keyboard_comes_with_the_message(bot: Bot, lan: SimUser) -> None:
    sent = await bot.send_message(lan.id, "Gửi chưa?", reply_markup=buttons("Gửi", "Sửa"))
    assert sent.reply_markup is not None
    assert (await lan.wait("Gửi chưa?")).buttons == [["Gửi"], ["Sửa"]]


@pytest.mark.parametrize(
    ("button", "why"),
    [
        ({"text": "Gửi", "callback_data": "đ" * 33}, "BUTTON_DATA_INVALID"),
        ({"text": "Gửi", "callback_data": ""}, "BUTTON_DATA_INVALID"),
        ({"text": "Gửi"}, "Text buttons are unallowed"),
        ({"text": " ", "callback_data": "x"}, "must be a non-empty String"),
        ({"text": "Xem", "url": "javascript:alert(1)"}, "Wrong HTTP URL"),
    ],
)
async def test_wrong_button_is_refused(base_url: str, lan: SimUser, button: dict[str, str], why: str) -> None:
    call = {"chat_id": lan.id, "text": "?", "reply_markup": {"inline_keyboard": [[button]]}}
    async with httpx.AsyncClient() as http:
        answer = await http.post(f"{base_url}/bot{TOKEN}/sendMessage", json=call)
    assert answer.status_code == 400
    assert why in answer.json()["description"]


async def test_callback_data_may_have_64_bytes(bot: Bot, lan: SimUser) -> None:
    markup = InlineKeyboardMarkup([[InlineKeyboardButton("Gửi", callback_data="đ" * 32)]])
    sent = await bot.send_message(lan.id, "?", reply_markup=markup)
    assert sent.reply_markup == markup


async def test_reply_keyboard_stays_until_it_is_removed(bot: Bot, lan: SimUser) -> None:
    place = KeyboardButton("📍 Gửi vị trí", request_location=True)
    await bot.send_message(lan.id, "Ở đâu?", reply_markup=ReplyKeyboardMarkup([[place], ["Bỏ qua"]]))
    assert await lan.keyboard() == [["📍 Gửi vị trí"], ["Bỏ qua"]]
    await bot.send_message(lan.id, "Cảm ơn", reply_markup=ReplyKeyboardRemove())
    assert await lan.keyboard() == []


async def test_force_reply_is_over_once_the_person_writes(bot: Bot, lan: SimUser, core: Simulator) -> None:
    await bot.send_message(lan.id, "Vì sao ạ?", reply_markup=ForceReply())
    assert core.chat(lan.id).keyboard
    await lan.text("chưa sạch")
    assert core.chat(lan.id).keyboard is None


async def test_photo_comes_in_telegrams_sizes(bot: Bot, lan: SimUser) -> None:
    sent = await bot.send_photo(lan.id, photo(size=(2000, 1000)), caption="<b>sau</b>", parse_mode="HTML")
    assert [(size.width, size.height) for size in sent.photo] == [(90, 45), (320, 160), (800, 400), (1280, 640)]
    assert (sent.caption, sent.caption_entities[0].type) == ("sau", "bold")


async def test_photo_is_sent_again_by_its_file_id(bot: Bot, lan: SimUser) -> None:
    first = await bot.send_photo(lan.id, photo())
    again = await bot.send_photo(lan.id, first.photo[-1].file_id)
    assert again.photo == first.photo
    with pytest.raises(BadRequest, match=r"(?i)can't use file of type Photo as Document"):
        await bot.send_document(lan.id, first.photo[0].file_id)
    with pytest.raises(BadRequest, match=r"(?i)wrong file_id"):
        await bot.send_photo(lan.id, "AgACunknown")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"not a photo", "IMAGE_PROCESS_FAILED"),
        (photo(size=(2100, 100)), "PHOTO_INVALID_DIMENSIONS"),
    ],
)
async def test_photo_telegram_could_not_use_is_refused(bot: Bot, lan: SimUser, data: bytes, why: str) -> None:
    with pytest.raises(BadRequest, match=f"(?i){why}"):
        await bot.send_photo(lan.id, data)


async def test_caption_has_at_most_1024_units(bot: Bot, lan: SimUser) -> None:
    await bot.send_photo(lan.id, photo(), caption="a" * 1024)
    with pytest.raises(BadRequest, match=r"(?i)caption is too long"):
        await bot.send_photo(lan.id, photo(), caption="a" * 1025)


async def test_document_voice_and_video_keep_their_bytes(bot: Bot, lan: SimUser) -> None:
    document = await bot.send_document(lan.id, b"%PDF-1.7 ...", filename="biên bản.pdf")
    assert document.document is not None
    assert (document.document.file_name, document.document.mime_type) == ("biên bản.pdf", "application/pdf")
    await bot.send_voice(lan.id, b"OggS...", duration=4)
    assert (await lan.wait(lambda message: "voice" in message.raw)).raw["voice"]["duration"] == 4
    video = await bot.send_video(lan.id, b"mp4...", duration=7, width=640, height=360)
    assert video.video is not None
    assert bytes(await (await video.video.get_file()).download_as_bytearray()) == b"mp4..."


async def test_album_is_several_messages_of_one_group(bot: Bot, lan: SimUser) -> None:
    album = await bot.send_media_group(
        lan.id, [InputMediaPhoto(photo("red"), caption="trước"), InputMediaPhoto(photo("blue"))]
    )
    assert len({message.media_group_id for message in album}) == 1
    assert [message.caption for message in album] == ["trước", None]
    again = await bot.send_media_group(lan.id, [InputMediaPhoto(message.photo[-1].file_id) for message in album])
    assert [message.photo[-1].file_unique_id for message in again] == [one.photo[-1].file_unique_id for one in album]


async def test_album_has_2_to_10_of_fitting_kinds(bot: Bot, lan: SimUser) -> None:
    with pytest.raises(BadRequest, match=r"(?i)from 2 to 10"):
        await bot.send_media_group(lan.id, [InputMediaPhoto(photo())])
    with pytest.raises(BadRequest, match=r"(?i)from 2 to 10"):
        await bot.send_media_group(lan.id, [InputMediaPhoto("x")] * 11)
    with pytest.raises(BadRequest, match=r"(?i)can't mix"):
        await bot.send_media_group(lan.id, [InputMediaPhoto(photo()), InputMediaDocument(b"x")])


async def test_places_arrive(bot: Bot, lan: SimUser) -> None:
    sent = await bot.send_location(lan.id, 9.1768, 105.15, live_period=900)
    assert sent.location is not None
    assert (sent.location.latitude, sent.location.longitude) == (9.1768, 105.15)
    assert (await lan.wait(lambda message: "location" in message.raw)).raw["location"]["live_period"] == 900
    venue = await bot.send_venue(lan.id, 9.1768, 105.15, "Quảng trường", "Phường Tân Thành")
    assert venue.venue is not None
    assert venue.venue.location == venue.location
    with pytest.raises(BadRequest, match=r"(?i)wrong coordinates"):
        await bot.send_location(lan.id, 105.15, 9.1768)


async def test_typing_is_shown_until_the_next_message(bot: Bot, lan: SimUser, core: Simulator) -> None:
    await bot.send_chat_action(lan.id, "typing")
    assert core.chat(lan.id).changes(0)["action"] == "typing"
    await bot.send_message(lan.id, "Xong ạ")
    assert core.chat(lan.id).changes(0)["action"] is None
    with pytest.raises(BadRequest, match=r"(?i)wrong parameter action"):
        await bot.send_chat_action(lan.id, "dancing")


async def test_dates_are_in_seconds(bot: Bot, lan: SimUser) -> None:
    sent = await bot.send_message(lan.id, "xin chào")
    assert isinstance((await lan.wait("xin chào")).raw["date"], int)
    assert sent.date.timestamp() == (await lan.messages())[-1].raw["date"]


async def test_parameters_that_are_missing_or_wrong_are_named(base_url: str, lan: SimUser) -> None:
    cases = [
        ("sendLocation", {"chat_id": lan.id, "latitude": 9}, "longitude"),
        ("sendLocation", {"chat_id": lan.id, "latitude": "north", "longitude": 1}, "latitude"),
        ("sendMessage", {"text": "x"}, "chat_id is empty"),
        ("sendMessage", {"chat_id": lan.id, "text": "x", "reply_markup": "{oops"}, "reply_markup"),
        ("sendPhoto", {"chat_id": lan.id}, "there is no photo"),
        ("getUpdates", {"offset": "soon"}, "offset"),
    ]
    async with httpx.AsyncClient() as http:
        for method, parameters, named in cases:
            answer = await http.post(f"{base_url}/bot{TOKEN}/{method}", json=parameters)
            assert (answer.status_code, answer.json()["ok"]) == (400, False)
            assert named in answer.json()["description"]
        broken = await http.post(
            f"{base_url}/bot{TOKEN}/getMe", content=b"{", headers={"Content-Type": "application/json"}
        )
        assert broken.status_code == 400
