"""Example bodies and answers of the calls for staff, as in ``app.api.examples``."""

from app.api.examples import (
    ASSIGNED,
    CODE,
    COMPANY,
    DUE,
    FIRST_ANSWER,
    PHOTO,
    REPORTER_VIEW,
    ROOT,
    SENT,
    STREET_LIGHT,
    TEXT,
    TOKEN,
)

SIGN_IN = {"username": "tran.thi.bich", "password": "mưa rơi trên mái lá"}
ME = {
    "id": "0198c6a2-5d1e-7c3b-9a40-6f1b2c3d4e5f",
    "name": "Trần Thị Bích",
    "role": "officer",
    "agency": COMPANY,
    "agencies": ["moi-truong-do-thi-ca-mau"],
}
SESSION = {"csrf_token": "Vb7n3kQ0x1mZ5LwNsPa7eT2uHc8RdYf6GjKoQiW4lE9", "expires_at": "2026-11-23T02:00:00Z", "me": ME}
CHAT_CODE = {"code": "7K3M-9QX2", "expires_at": "2026-11-22T02:10:00Z"}
CHATS = {"items": [{"channel": "telegram", "user_id": "700000101", "linked_at": "2026-11-22T02:00:00Z"}]}
NEW_TOKEN_BODY = {
    "name": "Trang thông tin điện tử phường",
    "scopes": ["read"],
    "expires_at": "2027-11-22T00:00:00Z",
    "username": "tran.thi.bich",
}
NEW_TOKEN = {"token": "pa_kq0v3Xb1mZxLwN5sPa7eT2uHc8RdYf6GjKoQiW4lE9A"}
TOKENS = {
    "items": [
        {
            "id": "0198c6a2-7a11-7d20-8c11-0a1b2c3d4e5f",
            "name": "Trang thông tin điện tử phường",
            "scopes": ["read"],
            "created_at": "2026-11-22T02:00:00Z",
            "last_used_at": None,
            "expires_at": "2027-11-22T00:00:00Z",
            "revoked_at": None,
        }
    ]
}
AGENCIES = {"items": [{**COMPANY, "kind": "enterprise", "parent": "so-xay-dung", "commune_code": None, "active": True}]}

_OFFICER = {"id": ME["id"], "name": "Trần Thị Bích"}
QUEUE = {
    "items": [
        {
            "code": CODE,
            "version": 1,
            "status": "assigned",
            "status_word": "Đã chuyển xử lý",
            "category": STREET_LIGHT,
            "text": TEXT,
            "commune": "Phường An Xuyên",
            "address": "12 Lý Bôn, An Xuyên",
            "agency": COMPANY,
            "assignee": None,
            "urgency": "normal",
            "submitted_at": SENT,
            "due_at": DUE,
            "first_answer": FIRST_ANSWER,
            "paused_at": None,
            "overdue": False,
            "voices": 3,
            "tags": ["trạm biến áp"],
            "photo": f"{PHOTO}/small?{TOKEN}",
        }
    ],
    "next": None,
}
CASE = {
    "code": CODE,
    "version": 2,
    "status": "in_progress",
    "status_word": "Đang xử lý",
    "category": STREET_LIGHT,
    "text": TEXT,
    "answers": [],
    "reporter_kind": "citizen",
    "channel": "api",
    "lang": "vi",
    "place": REPORTER_VIEW["place"],
    "agency": COMPANY,
    "why_agency": {
        "rule": "chieu-sang-ca-mau",
        "rule_set": "8f3a1c0de9b24756",
        "reasons": ["Chiếu sáng công cộng ở các phường Cà Mau do Công ty Môi trường Đô thị vận hành."],
        "by": {"kind": "system", "name": None},
    },
    "proposal": None,
    "calls": [],
    "tags": [],
    "supervisor": None,
    "assignee": _OFFICER,
    "urgency": "normal",
    "visibility": "public",
    "published_at": None,
    "submitted_at": SENT,
    "assigned_at": ASSIGNED,
    "resolved_at": None,
    "ended_at": None,
    "deadline": {
        "intake_due_at": "2026-11-22T14:14:09Z",
        "first_answer": FIRST_ANSWER,
        "due_at": DUE,
        "limit": "3 ngày làm việc",
        "paused_at": None,
        "overdue": False,
        "left_seconds": 190811,
        "extension_wanted": None,
        "extended_to": None,
    },
    "handovers": 0,
    "original": None,
    "part_of": None,
    "parts": [],
    "rating": None,
    "voices": 3,
    "follower_ratings": {"satisfied": 0, "acceptable": 0, "dissatisfied": 0},
    "recordings": 0,
    "photos": [
        {
            "photo_id": "0198c6a2-8b22-7e31-9d22-1b2c3d4e5f60",
            "stage": "before",
            "at": SENT,
            "by": "citizen",
            "width": 4000,
            "height": 3000,
            "small": f"{PHOTO}/small?{TOKEN}",
            "large": f"{PHOTO}/large?{TOKEN}",
            "original": f"{ROOT}/staff/reports/{CODE}/photos/0198c6a2-8b22-7e31-9d22-1b2c3d4e5f60/original",
            "proof": None,
        }
    ],
    "attachments": [
        {
            "attachment_id": "0198c6a2-ad44-7053-9f44-3d4e5f607182",
            "name": "Biên bản nghiệm thu.pdf",
            "content_type": "application/pdf",
            "size_bytes": 214_873,
            "pages": 2,
            "proof": False,
            "at": "2026-11-22T03:01:00Z",
            "by": {"kind": "staff", "name": "Trần Thị Bích"},
            "link": f"{ROOT}/staff/reports/{CODE}/attachments/0198c6a2-ad44-7053-9f44-3d4e5f607182",
        }
    ],
    "proof_doubts": [],
    "messages": [
        {
            "message_id": "0198c6a2-9c33-7f42-8e33-2c3d4e5f6071",
            "at": "2026-11-22T03:01:00Z",
            "kind": "note",
            "by": {"kind": "staff", "name": "Trần Thị Bích"},
            "audience": "staff",
            "text": "Tổ điện hẹn 14 giờ chiều nay.",
        }
    ],
    "history": [
        {
            "seq": 1,
            "at": SENT,
            "what": "submitted",
            "words": "Phản ánh được gửi.",
            "by": {"kind": "citizen", "name": None},
            "message_id": None,
        }
    ],
    "notifications": [
        {
            "seq": 3,
            "channel": "telegram",
            "template": "started",
            "status": "sent",
            "attempts": 1,
            "reason": None,
            "created_at": "2026-11-22T02:40:12Z",
            "updated_at": "2026-11-22T02:40:13Z",
            "to_staff": False,
        }
    ],
    "acts": ["claim", "ask", "return", "progress", "resolve", "note"],
}
ACT_BODY = {"version": 2, "text": "Đã cử tổ sửa chữa, hẹn xong trước 17 giờ."}
ACT = {
    "code": CODE,
    "version": 3,
    "status": "in_progress",
    "status_word": "Đang xử lý",
    "photos_refused": [],
    "case": {**CASE, "version": 3},
}
NOTICES = {
    "items": [
        {
            "notice_id": "0198c6a2-7c12-7a31-9d20-3b4c5d6e7f80",
            "at": "2026-11-22T02:10:00Z",
            "kind": "mentioned",
            "says": "Có ghi chú nhắc đến anh/chị",
            "code": CODE,
            "category": STREET_LIGHT,
            "commune": "Phường An Xuyên",
            "about": "",
            "stands_for": None,
            "read": False,
        }
    ],
    "next": None,
}
READ = {"up_to": "0198c6a2-7c12-7a31-9d20-3b4c5d6e7f80"}
DIRECTIONS = {
    "items": [
        {
            "direction": "0198c6a2-7b11-7f20-8c10-2a3b4c5d6e7f",
            "code": CODE,
            "status": "in_progress",
            "status_word": "Đang xử lý",
            "agency": COMPANY,
            "given_at": ASSIGNED,
            "given_by": {"id": "0198c6a2-7b11-7f20-8c10-2a3b4c5d6e80", "name": "Huỳnh Quốc Việt"},
            "due_at": DUE,
            "text": "Rà soát toàn bộ đèn trên tuyến Lý Bôn, báo cáo trước giờ họp thứ Hai.",
            "state": "open",
            "ended_at": None,
            "ended_by": None,
            "on_time": None,
            "answer": "",
        }
    ]
}
COLLEAGUES = {
    "items": [
        {"id": "0198c6a2-7b11-7f20-8c10-2a3b4c5d6e81", "name": "Trần Thị Bích", "open_cases": 4, "away_until": None,
         "deputy": ""},
        {"id": "0198c6a2-7b11-7f20-8c10-2a3b4c5d6e82", "name": "Lê Văn Phước", "open_cases": 2,
         "away_until": "2026-12-05", "deputy": "Trần Thị Bích"},
    ]
}  # fmt: skip
TEMPLATES = {
    "items": [
        {
            "id": "0198c6a2-7b11-7f20-8c10-2a3b4c5d6e90",
            "act": "progress",
            "title": "Đã cử người đến hiện trường",
            "text": "Đã cử người đến hiện trường tại Phường An Xuyên để kiểm tra và khắc phục.",
            "lang": "vi",
            "agency": COMPANY,
            "used": 12,
        }
    ]
}
MISROUTED = {
    "since": "2026-08-24T00:00:00Z",
    "rules": [
        {
            "rule": "chieu-sang-ca-mau",
            "decided": 120,
            "returned": 7,
            "transferred": 2,
            "wrong": 9,
            "reclassified": 3,
            "share": 0.075,
            "ended_up": [{"agency": {"id": "dien-luc-ca-mau", "name": "Công ty Điện lực Cà Mau"}, "reports": 9}],
        }
    ],
}
IDENTITY_BODY = {"reason": "Gọi lại để hỏi rõ vị trí cây đèn."}
IDENTITY = {"name": "Nguyễn Thị Lan", "phone": "0912 345 678", "email": ""}
BLOCK_BODY = {"reason": "Nhiều lần gửi phản ánh không có thật."}
BLOCK = {"in_chat": True, "blocked_since": DUE, "reason": "Nhiều lần gửi phản ánh không có thật."}
HOTLINE = {
    "code": CODE,
    "status": "assigned",
    "status_word": "Đã chuyển xử lý",
    "agency": COMPANY,
    "due_at": DUE,
    "photos_refused": [],
}
