"""Zalo's events, in every shape they may have, as the dialogue understands them."""

from typing import Any

import pytest

from bot.conversation.model import Incoming
from bot.zalo.receive import bot_update, hear_bot, hear_oa, oa_update
from bot.zalo.signature import sign, signed_by
from bot.zalo.text import numbered, pieces, size

LAN = {"id": "z1", "display_name": "Lan", "is_bot": False}


def event(name: str = "message.text.received", **message: Any) -> dict[str, Any]:
    chat = {"id": "z1", "chat_type": "PRIVATE"}
    basics = {"from": LAN, "chat": chat, "message_id": "m1", "date": 1_764_000_000_123}
    return {"event_name": name, "message": basics | message}


def said(raw: dict[str, Any]) -> Incoming:
    update = bot_update(raw)
    assert update is not None
    heard = hear_bot(update.content, "zalo_bot:1")
    assert heard is not None
    assert heard.incoming is not None
    return heard.incoming


def oa(name: str, **more: Any) -> dict[str, Any]:
    return {"event_name": name, "sender": {"id": "77"}, "recipient": {"id": "oa"}, "timestamp": "1764000000123"} | more


def oa_said(raw: dict[str, Any]) -> Incoming:
    heard = hear_oa(raw, "zalo_oa:1")
    assert heard is not None
    assert heard.incoming is not None
    return heard.incoming


def test_an_event_may_be_wrapped_or_not() -> None:
    bare, wrapped = bot_update(event(text="Chào")), bot_update({"ok": True, "result": event(text="Chào")})
    assert bare == wrapped
    assert bare is not None
    assert (bare.chat_id, bare.dedupe, bare.spoke) == ("z1", "message.text.received|m1", True)


def test_words_and_commands() -> None:
    assert said(event(text="Đèn hỏng")).text == "Đèn hỏng"
    assert said(event(text="Đèn hỏng")).number == 1_764_000_000_123
    assert said(event(text="/theodoi PA-1")).command == "track"
    assert said(event(text="/theodoi PA-1")).argument == "PA-1"
    assert said(event(text="a\x00b")).text == "a\ufffdb"


@pytest.mark.parametrize("field", ["photo", "photo_url"])
def test_a_picture_under_either_name(field: str) -> None:
    incoming = said(event("message.image.received", caption="hỏng", **{field: "https://x.vn/1.jpg"}))
    assert [file.file_id for file in incoming.files] == ["https://x.vn/1.jpg"]
    assert (incoming.text, incoming.album) == ("hỏng", True)


@pytest.mark.parametrize("photo", [None, "", 5, "ftp://x", ["javascript:1"], {}])
def test_a_picture_without_an_address_is_asked_for_again(photo: Any) -> None:
    assert [problem.key for problem in said(event("message.image.received", photo=photo)).refused] == ["bot.photo_lost"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("message.sticker.received", "sticker"),
        ("message.voice.received", "voice"),
        ("message.unsupported.received", "other"),
        ("message.of.next.year", "other"),
        ("message.text.received", "other"),
    ],
)
def test_what_a_bot_does_not_know_is_told_as_unusable(name: str, kind: str) -> None:
    assert said(event(name)).cannot_use == kind


def test_a_bots_own_words_are_nobodys() -> None:
    ours = event(text="x")
    ours["message"]["from"] = LAN | {"is_bot": True}
    assert bot_update(ours) is None


def test_in_a_group_only_a_command_is_answered() -> None:
    group = {"id": "g1", "chat_type": "GROUP"}
    assert said(event(text="/baocao", chat=group)).in_group
    assert hear_bot(event(text="Chào cả nhà", chat=group), "b") is None


@pytest.mark.parametrize("body", [{}, {"event_name": "x"}, {"event_name": "x", "message": 5}, {"result": []}])
def test_what_is_no_event_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises((KeyError, ValueError)):
        bot_update(body)


def test_without_a_number_the_content_tells_events_apart() -> None:
    one, same, other = (bot_update(event(text=text, message_id=None)) for text in ("a", "a", "b"))
    assert one == same
    assert one is not None
    assert other is not None
    assert one.dedupe != other.dedupe


def test_an_official_accounts_words_and_presses() -> None:
    assert oa_said(oa("user_send_text", message={"text": "Chào", "msg_id": "1"})).text == "Chào"
    assert oa_said(oa("user_send_text", message={"text": "#d1|ok", "msg_id": "1"})).press == "d1|ok"
    assert oa_said(oa("user_send_text", message={"text": "#1 đèn hỏng", "msg_id": "1"})).text == "#1 đèn hỏng"


def test_coordinates_come_as_text() -> None:
    place = {"type": "location", "payload": {"coordinates": {"latitude": "10.79", "longitude": "106.78"}}}
    assert oa_said(oa("user_send_location", message={"msg_id": "1", "attachments": [place]})).point == (10.79, 106.78)
    broken = {"type": "location", "payload": {"coordinates": {"latitude": "đây"}}}
    assert oa_said(oa("user_send_location", message={"msg_id": "1", "attachments": [broken]})).cannot_use == "other"


def test_a_link_is_words() -> None:
    link = {"type": "link", "payload": {"url": "https://maps.app/x"}}
    assert oa_said(oa("user_send_link", message={"msg_id": "1", "attachments": [link]})).text == "https://maps.app/x"


def test_several_pictures_in_one_event() -> None:
    images = [{"type": "image", "payload": {"url": f"https://x.vn/{n}.jpg"}} for n in (1, 2)]
    incoming = oa_said(oa("user_send_image", message={"msg_id": "1", "text": "hỏng", "attachments": images}))
    assert [file.file_id[-5:] for file in incoming.files] == ["1.jpg", "2.jpg"]
    assert len({file.same for file in incoming.files}) == 2


def test_who_follows_is_greeted_and_who_leaves_is_remembered() -> None:
    assert oa_said(oa("follow")).command == "start"
    assert oa_said({"event_name": "follow", "follower": {"id": "77"}, "timestamp": "1"}).command == "start"
    heard, update = hear_oa(oa("unfollow"), "b"), oa_update(oa("unfollow"))
    assert heard is not None
    assert heard.left
    assert update is not None
    assert not update.spoke


@pytest.mark.parametrize("name", ["user_send_video", "user_send_file", "user_send_thing_of_next_year"])
def test_an_official_account_meets_nothing_with_silence(name: str) -> None:
    assert oa_said(oa(name, message={"msg_id": "1"})).cannot_use


@pytest.mark.parametrize("name", ["oa_send_text", "user_seen_message", "user_reacted_message", "user_send_group_text"])
def test_what_no_person_did_to_us_is_nothing(name: str) -> None:
    assert oa_update(oa(name, message={"msg_id": "1"})) is None


# --- proof


def test_the_signature_takes_either_time_and_either_form() -> None:
    genuine = signed_by("app", "secret")
    body = '{"timestamp":"17","text":"đèn"}'.encode()
    assert genuine({"x-zevent-signature": sign("app", body, "17", "secret")}, body)
    assert genuine({"x-zevent-signature": "mac=" + sign("app", body, "17", "secret").upper()}, body)
    with_header = {"x-zevent-signature": sign("app", body, "18", "secret"), "x-zevent-timestamp": "18"}
    assert genuine(with_header, body)
    assert genuine({"x-zevent-signature": sign("app", b'{"timestamp":17}', "17", "secret")}, b'{"timestamp":17}')


@pytest.mark.parametrize(
    "signature", ["", "mac=", "đ", sign("app", b"{}", "", "another"), sign("x", b"{}", "", "secret")]
)
def test_a_wrong_signature_proves_nothing(signature: str) -> None:
    assert not signed_by("app", "secret")({"x-zevent-signature": signature}, b"{}")


# --- words in little room


def test_choices_are_numbered_and_said_how_to_choose() -> None:
    assert numbered(["Đúng", "Chỗ khác"], "vi") == "1. Đúng\n2. Chỗ khác\n\n👉 Anh/chị nhắn số để chọn."
    assert numbered([], "vi") == ""


def test_what_fits_is_one_message() -> None:
    assert pieces("Ở đâu?", "1. Đây") == ["Ở đâu?\n\n1. Đây"]


def test_long_words_are_parted_where_a_sentence_ends_and_nothing_is_lost() -> None:
    text = " ".join(f"Câu số {number} về cây đèn." for number in range(300))
    parts = pieces(text, "1. Đây\n2. Kia", 500)
    assert all(size(part) <= 500 for part in parts)
    assert all(part.endswith(".") for part in parts[:-1])
    assert parts[-1].endswith("1. Đây\n2. Kia")
    assert " ".join(parts).removesuffix("\n\n1. Đây\n2. Kia") == text


@pytest.mark.parametrize("text", ["a" * 3000, "😀" * 1500, "\n" * 3000])
def test_words_without_an_end_are_cut_all_the_same(text: str) -> None:
    parts = pieces(text, "1. A", 200)
    assert all(size(part) <= 200 for part in parts)
    assert parts[-1].endswith("1. A")
