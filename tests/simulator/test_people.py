"""What people do, as the real python-telegram-bot gets it from getUpdates."""

import io

import pytest
from PIL import Image
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, KeyboardButton, ReplyKeyboardMarkup, Update
from telegram.error import BadRequest, Forbidden

from bot.simulator.client import SimClient, SimError, SimUser
from bot.simulator.core import Simulator
from tests.simulator.samples import photo, photo_with_exif


async def updates(bot: Bot) -> list[Update]:
    """What waits for the bot, acknowledged."""
    waiting = await bot.get_updates(allowed_updates=Update.ALL_TYPES)
    if waiting:
        await bot.get_updates(offset=waiting[-1].update_id + 1)
    return list(waiting)


def keyboard(*labels: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(label, callback_data=f"v1:{label}") for label in labels]])


async def test_text_comes_with_who_wrote_it(bot: Bot, sim: SimClient) -> None:
    lan = await sim.user("Lan", last_name="Nguyễn", username="lan_camau", language="vi")
    await lan.text("  đèn hỏng  ")
    [update] = await updates(bot)
    message, user = update.effective_message, update.effective_user
    assert message
    assert user
    assert message.text == "đèn hỏng"
    assert (user.full_name, user.username, user.language_code) == ("Lan Nguyễn", "lan_camau", "vi")
    assert (message.chat.id, message.chat.type) == (user.id, "private")


async def test_deep_link_arrives_as_start_with_its_payload(bot: Bot, lan: SimUser) -> None:
    await lan.text("/start lamp_CM-0102")
    [update] = await updates(bot)
    assert update.message
    [command] = update.message.entities
    assert (command.type, update.message.parse_entity(command)) == ("bot_command", "/start")


async def test_photo_has_sizes_and_no_exif(bot: Bot, lan: SimUser) -> None:
    original = photo_with_exif()
    await lan.photo(original, caption="đèn hỏng")
    [update] = await updates(bot)
    assert update.message
    sizes = update.message.photo
    assert [(size.width, size.height) for size in sizes] == [(90, 68), (320, 240), (800, 600), (1280, 960)]
    assert update.message.caption == "đèn hỏng"
    data = bytes(await (await sizes[-1].get_file()).download_as_bytearray())
    assert len(data) == sizes[-1].file_size
    with Image.open(io.BytesIO(data)) as image:
        assert (image.size, dict(image.getexif())) == ((1280, 960), {})


async def test_sideways_photo_arrives_upright(bot: Bot, lan: SimUser) -> None:
    output = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # Orientation: turn by 90 degrees
    Image.new("RGB", (200, 100)).save(output, "JPEG", exif=exif)
    message = await lan.photo(output.getvalue())
    assert [(size["width"], size["height"]) for size in message.raw["photo"]] == [(45, 90), (100, 200)]


async def test_document_keeps_its_bytes(bot: Bot, lan: SimUser) -> None:
    original = photo_with_exif()
    await lan.document(original, "IMG_0001.jpg", caption="ảnh gốc")
    [update] = await updates(bot)
    assert update.message
    document = update.message.document
    assert document
    assert (document.file_name, document.mime_type) == ("IMG_0001.jpg", "image/jpeg")
    assert bytes(await (await document.get_file()).download_as_bytearray()) == original


async def test_same_content_has_the_same_unique_id_only(lan: SimUser) -> None:
    first, second, other = await lan.photo(photo()), await lan.photo(photo()), await lan.photo(photo("red"))
    large = [message.raw["photo"][-1] for message in (first, second, other)]
    assert large[0]["file_unique_id"] == large[1]["file_unique_id"] != large[2]["file_unique_id"]
    assert large[0]["file_id"] != large[1]["file_id"]


async def test_album_is_several_updates_with_the_caption_on_one(bot: Bot, lan: SimUser) -> None:
    await lan.album([photo("red"), photo("green"), photo("blue")], caption="ba ảnh")
    arrived = [update.message for update in await updates(bot) if update.message]
    assert len(arrived) == 3
    assert len({message.media_group_id for message in arrived}) == 1
    assert arrived[0].media_group_id is not None
    assert [message.caption for message in arrived] == ["ba ảnh", None, None]
    assert [message.message_id for message in arrived] == sorted(message.message_id for message in arrived)


async def test_places_voice_and_contact_arrive(bot: Bot, lan: SimUser, sim: SimClient) -> None:
    minh = await sim.user("Minh")
    await lan.location(9.1768, 105.15)
    await lan.venue(9.1768, 105.15, "Quảng trường", "Phường Tân Thành")
    await lan.voice(b"OggS...", duration=4)
    await lan.contact()
    await lan.contact(of=minh)
    place, venue, voice, own, other = [update.message for update in await updates(bot) if update.message]
    assert place.location
    assert (place.location.latitude, place.location.longitude) == (9.1768, 105.15)
    assert venue.venue
    assert venue.venue.title == "Quảng trường"
    assert voice.voice
    assert voice.voice.mime_type == "audio/ogg"
    assert own.contact
    assert own.contact.user_id == lan.id
    assert own.contact.phone_number == lan.person["phone"]
    assert other.contact
    assert other.contact.user_id == minh.id != lan.id


async def test_live_location_moves_as_edits(bot: Bot, lan: SimUser) -> None:
    live = await lan.location(9.1768, 105.15, live_period=900)
    await lan.move(live, 9.18, 105.16)
    sent, moved = await updates(bot)
    assert sent.message
    assert moved.edited_message
    assert moved.edited_message.message_id == sent.message.message_id
    assert moved.edited_message.location
    assert moved.edited_message.location.latitude == 9.18
    still = await lan.location(9.1768, 105.15)
    with pytest.raises(SimError, match="only a live location moves"):
        await lan.move(still, 9.18, 105.16)


async def test_edited_text_arrives_as_edit(bot: Bot, lan: SimUser) -> None:
    message = await lan.text("đèn hỏn")
    await lan.edit(message, "đèn hỏng")
    _, edited = await updates(bot)
    assert edited.edited_message
    assert edited.edited_message.text == "đèn hỏng"
    assert edited.edited_message.edit_date


async def test_people_edit_only_their_own(bot: Bot, lan: SimUser) -> None:
    await bot.send_message(lan.id, "của bot")
    with pytest.raises(SimError, match="no message"):
        await lan.edit(await lan.wait("của bot"), "của tôi")


async def test_press_is_a_callback_query_and_is_answered_once(bot: Bot, lan: SimUser) -> None:
    await bot.send_message(lan.id, "Gửi chưa?", reply_markup=keyboard("✅ Gửi", "Sửa"))
    await lan.press("Gửi")
    [update] = await updates(bot)
    query = update.callback_query
    assert query
    assert (query.data, query.from_user.id) == ("v1:✅ Gửi", lan.id)
    assert query.chat_instance
    assert query.message
    assert query.message.chat.id == lan.id
    await query.answer("Đã gửi", show_alert=True)
    assert (await lan.notice())["text"] == "Đã gửi"
    with pytest.raises(BadRequest, match="is too old"):
        await query.answer()
    with pytest.raises(BadRequest, match="is too old"):
        await bot.answer_callback_query("12345")


async def test_press_takes_the_newest_message_and_the_exact_words(bot: Bot, lan: SimUser) -> None:
    await bot.send_message(lan.id, "cũ", reply_markup=keyboard("Gửi"))
    newest = await bot.send_message(lan.id, "mới", reply_markup=keyboard("Gửi lại", "Gửi"))
    await lan.press("Gửi")
    [update] = await updates(bot)
    assert update.callback_query
    assert update.callback_query.data == "v1:Gửi"
    assert update.callback_query.message
    assert update.callback_query.message.message_id == newest.message_id


async def test_press_of_a_missing_button_names_those_there_are(bot: Bot, lan: SimUser, core: Simulator) -> None:
    await bot.send_message(lan.id, "?", reply_markup=keyboard("Gửi", "Sửa"))
    answer = await lan.sim.get(f"chats/{lan.id}/messages")
    assert answer["messages"]
    with pytest.raises(SimError, match="no button “Huỷ”; there are: “Gửi”, “Sửa”"):
        await lan.sim.post(f"chats/{lan.id}/press", {"button": "Huỷ"})


async def test_link_button_gives_its_address(bot: Bot, lan: SimUser) -> None:
    markup = InlineKeyboardMarkup([[InlineKeyboardButton("Xem", url="https://example.vn/pa")]])
    await bot.send_message(lan.id, "?", reply_markup=markup)
    assert (await lan.press("Xem"))["url"] == "https://example.vn/pa"
    assert await updates(bot) == []


async def test_made_up_callback_data_reaches_the_bot(bot: Bot, lan: SimUser) -> None:
    sent = await bot.send_message(lan.id, "?", reply_markup=keyboard("Gửi"))
    message = await lan.wait("?")
    assert message.id == sent.message_id
    await lan.press_data(message, "v1:của người khác")
    [update] = await updates(bot)
    assert update.callback_query
    assert update.callback_query.data == "v1:của người khác"


async def test_reply_keys_send_their_words_or_the_contact(bot: Bot, lan: SimUser) -> None:
    number, place = KeyboardButton("Số của tôi", request_contact=True), KeyboardButton("Nơi", request_location=True)
    await bot.send_message(lan.id, "?", reply_markup=ReplyKeyboardMarkup([["Bỏ qua", number], [place]]))
    await lan.press("Bỏ qua")
    await lan.press("Số của tôi")
    with pytest.raises(SimError, match="asks for a place"):
        await lan.press("Nơi")
    text, contact = [update.message for update in await updates(bot) if update.message]
    assert text.text == "Bỏ qua"
    assert contact.contact


async def test_one_time_keyboard_is_gone_after_use(bot: Bot, lan: SimUser) -> None:
    await bot.send_message(lan.id, "?", reply_markup=ReplyKeyboardMarkup([["Có"]], one_time_keyboard=True))
    await lan.press("Có")
    assert await lan.keyboard() == []


async def test_blocking_tells_the_bot_and_closes_the_chat(bot: Bot, lan: SimUser) -> None:
    await lan.block()
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(lan.id, "xin chào")
    with pytest.raises(SimError, match="blocks the bot"):
        await lan.text("xin chào")
    await lan.unblock()
    await bot.send_message(lan.id, "xin chào")
    blocked, unblocked = [update.my_chat_member for update in await updates(bot) if update.my_chat_member]
    assert (blocked.old_chat_member.status, blocked.new_chat_member.status) == ("member", "kicked")
    assert (unblocked.old_chat_member.status, unblocked.new_chat_member.status) == ("kicked", "member")
    assert blocked.new_chat_member.user.id == bot.id


async def test_group_lets_the_bot_read_what_is_meant_for_it(bot: Bot, sim: SimClient, core: Simulator) -> None:
    minh, sau = await sim.user("Minh"), await sim.user("Cô Sáu")
    group = await sim.group("Tổ điện", [minh, sau])
    joined, service = await updates(bot)
    assert joined.my_chat_member
    assert joined.my_chat_member.new_chat_member.status == "member"
    assert service.message
    assert service.message.new_chat_members[0].id == bot.id
    talker = minh.in_group(group)
    asked = await bot.send_message(group["id"], "Việc mới", reply_markup=keyboard("Nhận"))
    await talker.text("nói chuyện riêng")
    await talker.text("/lienket 123456")
    await talker.text("/lienket@other_bot 123456")
    await talker.text("nhờ @phananh_bot xem")
    await talker.photo(photo(), caption="đã sửa xong", reply_to=asked.message_id)
    await sau.in_group(group).press("Nhận")
    arrived = await updates(bot)
    texts = [update.message.text or update.message.caption for update in arrived if update.message]
    assert texts == ["/lienket 123456", "nhờ @phananh_bot xem", "đã sửa xong"]
    assert arrived[-1].callback_query
    assert arrived[-1].callback_query.from_user.id == sau.id


async def test_bot_removed_from_a_group_cannot_write_there(bot: Bot, sim: SimClient) -> None:
    minh = await sim.user("Minh")
    group = await sim.group("Tổ điện", [minh])
    await minh.in_group(group).block()
    with pytest.raises(Forbidden, match="kicked from the supergroup"):
        await bot.send_message(group["id"], "Việc mới")


async def test_strangers_do_not_speak_in_a_group(sim: SimClient, lan: SimUser) -> None:
    minh = await sim.user("Minh")
    group = await sim.group("Tổ điện", [minh])
    with pytest.raises(SimError, match="is not in chat"):
        await lan.in_group(group).text("xin chào")


async def test_any_update_can_be_injected(bot: Bot, sim: SimClient, lan: SimUser) -> None:
    answer = {"poll_id": "1", "user": {"id": lan.id, "is_bot": False, "first_name": "Lan"}, "option_ids": [0]}
    await sim.inject("poll_answer", answer | {"option_persistent_ids": ["0"]})
    [update] = await updates(bot)
    assert update.poll_answer


async def test_injected_message_may_carry_an_uploaded_file(bot: Bot, sim: SimClient, lan: SimUser) -> None:
    sizes = await sim.upload("photo", photo())
    base = {"message_id": 7, "date": 1_800_000_000, "chat": {"id": lan.id, "type": "private", "first_name": "Lan"}}
    await sim.inject(
        "message",
        base | {"photo": sizes, "forward_origin": {"type": "hidden_user", "date": 1, "sender_user_name": "Ai đó"}},
    )
    [update] = await updates(bot)
    assert update.message
    assert (await update.message.photo[-1].get_file()).file_size == sizes[-1]["file_size"]


async def test_wait_returns_each_message_once_whatever_the_order(bot: Bot, lan: SimUser) -> None:
    await lan.text("xin chào")
    await bot.send_message(lan.id, "một")
    await bot.send_message(lan.id, "hai")
    assert (await lan.wait("hai")).text == "hai"
    assert (await lan.wait()).text == "một"
    with pytest.raises(SimError, match=r"did not come within 0 s; the chat has:[\s\S]*hai"):
        await lan.wait(timeout=0)


async def test_wait_sees_edits_and_forgets_what_came_before_the_last_deed(bot: Bot, lan: SimUser) -> None:
    sent = await bot.send_message(lan.id, "đang gửi")
    await lan.text("nhanh lên")
    with pytest.raises(SimError):
        await lan.wait("đang", timeout=0)
    await bot.edit_message_text("đã gửi", lan.id, sent.message_id)
    assert (await lan.wait("đã gửi")).edited


async def test_long_text_is_refused_as_a_client_would_split_it(lan: SimUser) -> None:
    with pytest.raises(SimError, match="too long"):
        await lan.text("a" * 4097)
