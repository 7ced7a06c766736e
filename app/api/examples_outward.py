"""Example bodies and answers of the calls about partners and webhooks, as in ``app.api.examples``."""

from typing import Any

from app.api.examples import ASSIGNED, CODE, COMPANY, RESOLVED, SENT

_PARTNER_ID = "0198c6a2-7c21-7a30-8c10-1a2b3c4d5e6f"
_WEBHOOK_ID = "0198c6a2-7c21-7a30-8c10-1a2b3c4d5e70"
_BY = "Phan Thị Hân (quan.tri)"
ACTIVE_BODY = {"active": True}

PARTNER_BODY = {
    "name": "Chiếu sáng Cà Mau",
    "url": "https://chieusang.example.vn/open311/v2",
    "agency": COMPANY["id"],
    "key": "khoa-do-doi-tac-cap",
    "repeat": "lists",
}
CATEGORY_BODY = {"service": "den", "fills": {"hu-gi": {"fixed": "1"}, "ma-ngoai": {"source": "#code"}}}
PARTNER: dict[str, Any] = {
    "id": _PARTNER_ID,
    "name": PARTNER_BODY["name"],
    "url": PARTNER_BODY["url"],
    "endpoint": PARTNER_BODY["url"],
    "format": "json",
    "agency": COMPANY,
    "jurisdiction": "",
    "has_key": True,
    "originals": False,
    "repeat": "lists",
    "active": True,
    "services": 12,
    "has_updates": True,
    "pulled_at": RESOLVED,
    "failing_since": None,
    "failure": "",
    "held_until": None,
    "waits": 1,
    "on_the_way": 0,
    "sent": 214,
    "withheld": 3,
    "categories": [
        {
            "category": "street-light",
            "service": {"id": "den", "name": "Đèn chiếu sáng"},
            "fills": {
                "hu-gi": {"source": "", "fixed": "1", "answers": {}},
                "ma-ngoai": {"source": "#code", "fixed": "", "answers": {}},
            },
        }
    ],
}
PARTNERS = {"items": [PARTNER]}
SERVICES = {"items": [{"code": "den", "name": "Đèn chiếu sáng", "group": "Chiếu sáng", "asks": True}]}
QUESTIONS = {
    "items": [
        {
            "code": "hu-gi",
            "datatype": "singlevaluelist",
            "required": True,
            "description": "Hư gì?",
            "values": {"1": "Tắt", "2": "Chập chờn"},
        }
    ]
}
_PUSH = {
    "code": CODE,
    "state": "sent",
    "reason": "",
    "number": "CS-2026-0481",
    "their_status": "closed",
    "their_words": "Đã thay bóng.",
    "their_at": RESOLVED,
    "tries": 0,
    "error": "",
    "sent_at": SENT,
    "updated_at": RESOLVED,
}
PUSHES = {"items": [_PUSH], "next": None}
PUSH_CASE = {
    "push": _PUSH,
    "sent": {
        "service": "Đèn chiếu sáng",
        "service_code": "den",
        "words": "public",
        "point": True,
        "photo": False,
        "attributes": 2,
        "mark": f"[{CODE} | phananh.example.vn]",
    },
    "attempts": [{"at": SENT, "what": "send", "came": "sent", "said": "CS-2026-0481"}],
    "news": [{"at": RESOLVED, "status": "closed", "words": "Đã thay bóng.", "became": "waits"}],
}
SEND_BODY = {"code": CODE}
DECISION_BODY = {"decision": "number", "number": "CS-2026-0481"}
DECISIONS_BODY = {"waits_for": "gave_up", "decision": "again"}
DECIDED = {"reports": 12}

WEBHOOK_BODY = {
    "name": "IOC tỉnh",
    "url": "https://ioc.example.vn/hook",
    "kinds": ["submitted", "resolved"],
    "agencies": [],
    "words": False,
}
WEBHOOK = {
    "id": _WEBHOOK_ID,
    **WEBHOOK_BODY,
    "state": "active",
    "created_at": SENT,
    "created_by": _BY,
    "failing_since": None,
    "disabled_at": None,
    "disabled_why": None,
    "waiting": 0,
    "given_up": 0,
    "delivered": 1284,
}
WEBHOOKS = {"items": [WEBHOOK]}
SECRET = {"secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDazfVKuLp0gM="}
NEW_WEBHOOK = {"webhook": {**WEBHOOK, "delivered": 0}, **SECRET}
TRIAL = {"delivered": True, "status": 204, "error": ""}
_MESSAGE = "0198c6a2-7b11-7f20-8c10-2a3b4c5d6e7f-2"
MESSAGES = {
    "items": [
        {
            "message": _MESSAGE,
            "code": CODE,
            "kind": "resolved",
            "state": "delivered",
            "tries": 1,
            "status": 204,
            "error": "",
            "created_at": ASSIGNED,
            "settled_at": RESOLVED,
            "next_at": None,
        }
    ],
    "next": None,
}
REPLAY_BODY = {"since": "2026-11-22T00:00:00+07:00", "until": "2026-11-23T00:00:00+07:00"}
REPLAYED = {"messages": 318}
