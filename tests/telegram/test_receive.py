"""Updates as Telegram writes them, and what they mean."""

from typing import Any

import pytest
from telegram import Update

from bot.conversation.model import ChannelFile, Incoming
from bot.telegram.receive import arrived, hear

LAN = {"id": 7, "is_bot": False, "first_name": "Lan", "last_name": "Nguyễn", "language_code": "vi"}
PRIVATE = {"id": 7, "type": "private", "first_name": "Lan"}
GROUP = {"id": -9, "type": "supergroup", "title": "Tổ dân phố"}


def message(**content: Any) -> dict[str, Any]:
    return {"message_id": 3, "date": 1_763_000_000, "chat": PRIVATE, "from": LAN, **content}


def heard(kind: str = "message", **content: Any) -> Incoming | None:
    update = Update.de_json({"update_id": 1, kind: message(**content)}, None)
    found = hear(update, "telegram:1")
    return found.incoming if found else None


def incoming(**values: Any) -> Incoming:
    basics: dict[str, Any] = {"key": "telegram:1:1", "number": 3, "at": 1_763_000_000}
    return Incoming(**(basics | values))


def file(name: str, mime: str | None, **more: Any) -> dict[str, Any]:
    return {"file_id": "F", "file_unique_id": "U", "file_size": 5, "file_name": name, "mime_type": mime, **more}


def test_plain_words() -> None:
    assert heard(text="Rác đầy đường") == incoming(text="Rác đầy đường")


@pytest.mark.parametrize(
    ("text", "command", "argument"),
    [
        ("/start", "start", ""),
        ("/start PA-0000-0000", "start", "PA-0000-0000"),
        ("/BaoCao", "report", ""),
        ("/theodoi@phananh_bot PA-0000-0000 ", "track", "PA-0000-0000"),
        ("/huy\nnhé", "cancel", "nhé"),
    ],
)
def test_commands_in_every_spelling(text: str, command: Any, argument: str) -> None:
    assert heard(text=text) == incoming(text=text, command=command, argument=argument)


def test_an_unknown_command_stays_words() -> None:
    assert heard(text="/khongco") == incoming(text="/khongco")


def test_the_largest_size_of_a_photo_is_taken() -> None:
    sizes = [
        {"file_id": str(n), "file_unique_id": f"u{n}", "width": n, "height": n, "file_size": n} for n in (90, 320, 1280)
    ]
    assert heard(photo=sizes, caption="đèn hỏng", media_group_id="5") == incoming(
        text="đèn hỏng", files=(ChannelFile("1280", "u1280", 1280),), album=True
    )


@pytest.mark.parametrize("mime", ["image/jpeg", "image/heic", "application/octet-stream", None])
def test_a_picture_sent_as_a_file_is_a_picture(mime: str | None) -> None:
    assert heard(document=file("a.heic", mime)) == incoming(files=(ChannelFile("F", "U", 5, "a.heic"),))


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ({"document": file("don.pdf", "application/pdf")}, "file"),
        ({"document": file("phim.mp4", "video/mp4")}, "video"),
        ({"document": file("anh.zip", "application/zip")}, "archive"),
        ({"video": file("a.mp4", "video/mp4", duration=3, width=1, height=1)}, "video"),
        ({"video_note": file("", None, duration=3, length=1)}, "video"),
        ({"animation": file("a.mp4", "video/mp4", duration=3, width=1, height=1),
          "document": file("a.gif", "image/gif")}, "video"),
        ({"sticker": file("", None, width=1, height=1, is_animated=False, is_video=False, type="regular")}, "sticker"),
        ({"dice": {"emoji": "🎲", "value": 3}}, "other"),
        ({"poll": {"id": "1", "question": "?", "options": [], "total_voter_count": 0, "is_closed": False,
                   "is_anonymous": True, "type": "regular", "allows_multiple_answers": False,
                   "allows_revoting": False, "members_only": False}}, "other"),
    ],
)  # fmt: skip
def test_what_is_no_photo_is_named(content: dict[str, Any], kind: Any) -> None:
    assert heard(**content) == incoming(cannot_use=kind)


def test_a_place_a_live_place_and_a_venue() -> None:
    point = {"latitude": 9.1, "longitude": 105.1}
    assert heard(location=point) == incoming(point=(9.1, 105.1))
    assert heard(location=point | {"live_period": 900}) == incoming(point=(9.1, 105.1))
    assert heard(venue={"location": point, "title": "Chợ", "address": "Lý Bôn"}, location=point) == incoming(
        point=(9.1, 105.1), venue="Chợ, Lý Bôn"
    )


def test_edits_are_edits_but_a_live_place_that_moves_is_nothing() -> None:
    assert heard("edited_message", text="khác") == incoming(text="khác", edited=True)
    assert heard("edited_message", location={"latitude": 9.1, "longitude": 105.1}) is None


def test_a_contact_counts_only_when_it_is_ones_own() -> None:
    assert heard(contact={"phone_number": "0912", "first_name": "Lan", "user_id": 7}) == incoming(phone="0912")
    assert heard(contact={"phone_number": "0912", "first_name": "X", "user_id": 8}) == incoming(foreign_contact=True)
    assert heard(contact={"phone_number": "0912", "first_name": "X"}) == incoming(foreign_contact=True)


def test_a_reply_carries_what_we_said_and_nothing_of_others() -> None:
    ours = message(text="Phản ánh PA-0000-0000 cần bổ sung") | {"from": {"id": 1, "is_bot": True, "first_name": "Bot"}}
    assert heard(text="ở chợ", reply_to_message=ours) == incoming(text="ở chợ", reply_to=ours["text"])
    theirs = message(text="PA-0000-0000")
    assert heard(text="ở chợ", reply_to_message=theirs) == incoming(text="ở chợ")


@pytest.mark.parametrize(
    "content",
    [{"pinned_message": message(text="x")}, {"message_auto_delete_timer_changed": {"message_auto_delete_time": 1}}, {}],
)
def test_messages_that_nobody_wrote_are_nothing(content: dict[str, Any]) -> None:
    assert heard(**content) is None


def test_a_press_names_its_message_and_wants_an_acknowledgement() -> None:
    query = {"id": "Q", "from": LAN, "chat_instance": "1", "data": "d1|go", "message": message(text="?")}
    found = hear(Update.de_json({"update_id": 1, "callback_query": query}, None), "telegram:1")
    assert found is not None
    assert found.press_id == "Q"
    assert found.incoming == Incoming(key="telegram:1:1", press="d1|go", pressed=3)
    assert (found.person.user_id, found.person.name, found.person.lang) == ("7", "Lan Nguyễn", "vi")


@pytest.mark.parametrize(
    ("chat", "content", "answered"),
    [
        (GROUP, {"text": "/start"}, True),
        (GROUP, {"text": "Chào cả nhà"}, False),
        (GROUP, {"new_chat_members": [LAN]}, False),
        ({"id": -9, "type": "channel", "title": "Kênh"}, {"text": "/start"}, True),
    ],
)
def test_in_groups_only_commands_are_answered(chat: dict[str, Any], content: dict[str, Any], answered: bool) -> None:
    found = heard(**(content | {"chat": chat}))
    assert (found is not None and found.in_group) is answered


@pytest.mark.parametrize(("old", "new", "left"), [("member", "kicked", True), ("kicked", "member", False)])
def test_leaving_and_coming_back(old: str, new: str, left: bool) -> None:
    bot = {"id": 1, "is_bot": True, "first_name": "Bot"}
    member = {"user": bot, "status": new} | ({"until_date": 0} if new == "kicked" else {})
    before = {"user": bot, "status": old} | ({"until_date": 0} if old == "kicked" else {})
    change = {"chat": PRIVATE, "from": LAN, "date": 1, "old_chat_member": before, "new_chat_member": member}
    found = hear(Update.de_json({"update_id": 1, "my_chat_member": change}, None), "telegram:1")
    assert found is not None
    assert found.incoming is None
    assert bool(found.left) is left


def test_other_bots_are_not_people() -> None:
    sender: dict[str, Any] = {"from": {"id": 5, "is_bot": True, "first_name": "Bot"}}
    assert heard(text="x", **sender) is None


@pytest.mark.parametrize(
    ("update", "chat"),
    [
        ({"message": message(text="x")}, "7"),
        ({"callback_query": {"id": "Q", "from": LAN, "message": {"chat": GROUP}}}, "-9"),
        ({"callback_query": {"id": "Q", "from": LAN}}, "7"),
        ({"my_chat_member": {"chat": PRIVATE}}, "7"),
        ({"message": "broken"}, "0"),
        ({"message": {"chat": "broken"}}, "0"),
        ({"something_new": {}}, "0"),
        ({}, "0"),
    ],
)
def test_every_update_has_a_chat_whose_order_it_belongs_to(update: dict[str, Any], chat: str) -> None:
    assert arrived({"update_id": 1} | update).chat_id == chat


@pytest.mark.parametrize(
    "update", [{}, {"update_id": "1"}, {"update_id": -1}, {"update_id": 2**63}, {"update_id": None}]
)
def test_without_a_number_it_is_no_update(update: dict[str, Any]) -> None:
    with pytest.raises((KeyError, ValueError)):
        arrived(update)


@pytest.mark.parametrize("kind", ["voice", "audio"])
def test_a_voice_message_is_taken_with_its_length(kind: str) -> None:
    content: dict[str, Any] = {kind: file("", "audio/ogg", duration=7), "caption": "đèn hỏng"}
    assert heard(**content) == incoming(text="đèn hỏng", voice=ChannelFile("F", "U", 5), seconds=7)
