"""What a person did, as Zalo tells a bot: the shapes of both platforms."""

import time
from typing import TYPE_CHECKING, Any

from ..model import Json

if TYPE_CHECKING:
    from .twin import ZaloTwin


def milliseconds() -> int:
    return time.time_ns() // 1_000_000


def bot_event(twin: "ZaloTwin", kind: str, payload: Json) -> Json | None:
    """A Zalo Bot hears messages only; what it has no event for comes as "unsupported"."""
    if kind == "event":
        return payload
    if kind != "message":
        return None
    sender = payload["from"]
    message: Json = {
        "from": {"id": twin.address(sender["id"]), "display_name": sender["first_name"], "is_bot": False},
        "chat": {"id": twin.address(sender["id"]), "chat_type": "PRIVATE"},
        "message_id": f"m{payload['message_id']:x}",
        "date": milliseconds(),
    }
    if "text" in payload:
        return {"event_name": "message.text.received", "message": message | {"text": payload["text"]}}
    if "photo" in payload:
        caption = {"caption": payload["caption"]} if payload.get("caption") else {}
        picture = {"photo": twin.file_url(payload["photo"][-1])}
        return {"event_name": "message.image.received", "message": message | picture | caption}
    name = "voice" if "voice" in payload else "unsupported"
    return {"event_name": f"message.{name}.received", "message": message}


_OA_KINDS = {"voice": "audio", "video": "video", "document": "file", "contact": "business_card"}


def oa_event(twin: "ZaloTwin", kind: str, payload: Json) -> Json | None:
    """An Official Account hears who follows, what they send, and buttons as words."""
    if kind == "event":
        return payload
    user = {"id": twin.address(payload["from"]["id"])}
    event: Json = {"app_id": twin.app_id, "recipient": {"id": "oa-1"}, "timestamp": str(milliseconds())}
    if kind == "my_chat_member":
        left = payload["new_chat_member"]["status"] == "kicked"
        return event | {"event_name": "unfollow" if left else "follow", "follower": user}
    if kind == "callback_query":
        message: Json = {"text": payload["data"], "msg_id": f"q{payload['id']}"}
        return event | {"event_name": "user_send_text", "sender": user, "message": message}
    if kind != "message":
        return None
    name, extra = _oa_content(twin, payload)
    message = {"msg_id": f"o{payload['message_id']:x}", **extra}
    return event | {"event_name": name, "sender": user, "message": message}


def _oa_content(twin: "ZaloTwin", payload: Json) -> tuple[str, Json]:
    if "text" in payload:
        return "user_send_text", {"text": payload["text"]}
    caption = {"text": payload["caption"]} if payload.get("caption") else {}
    if "photo" in payload:
        url = twin.file_url(payload["photo"][-1])
        return "user_send_image", {
            "attachments": [{"type": "image", "payload": {"url": url, "thumbnail": url}}],
            **caption,
        }
    if place := payload.get("location"):
        pair = {name: str(place[name]) for name in ("latitude", "longitude")}
        return "user_send_location", {"attachments": [{"type": "location", "payload": {"coordinates": pair}}]}
    found: Any = next((kind for kind in _OA_KINDS if kind in payload), "")
    return f"user_send_{_OA_KINDS.get(found, 'unknown')}", caption
