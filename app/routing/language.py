"""The words of the rules file: which keys each mapping has, what kind of value each takes, and what it is for.

Readers take their keys from here and ``schema`` makes the JSON Schema for editors from it, so the two cannot differ.
"""

from collections.abc import Mapping
from functools import cache

from msgspec import Struct


class Key(Struct, frozen=True):
    """``kind``: what ``schema`` knows how to describe; ``about``: one line an editor shows, in Vietnamese."""

    kind: str
    about: str
    required: bool = False


Shape = Mapping[str, Key]


def _must(kind: str, about: str) -> Key:
    return Key(kind, about, required=True)


WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_WHY = {
    "why": _must("text", "Lý do, viết cho người dân đọc. Là câu đầu tiên trong phần giải thích."),
    "why_en": Key("text", "Lý do bằng tiếng Anh."),
}
_RESULT = {
    "co_agencies": Key("roles", "Các cơ quan phối hợp."),
    "urgency": Key("urgency", "Mức độ khi điều phối viên chưa đặt: urgent (khẩn), normal, complex."),
    "visibility": Key("visibility", "Công khai (public) hay riêng tư (private)."),
    "deadlines": Key("shape:limits", "Thời hạn riêng của quy tắc."),
    "tags": Key("ids", "Nhãn gắn vào phản ánh."),
    "call": Key("roles", "Cơ quan được gọi ngay, không chờ hàng đợi."),
}
_AGENCY = {"agency": _must("role", "Cơ quan chủ trì: mã cơ quan, hoặc một vai trò (commune office of the place …).")}
_BECAUSE = {
    "because": Key("text", "Lời giải thích của riêng điều kiện này, thêm vào phần lý do khi nó đúng."),
    "because_en": Key("text", "Lời giải thích bằng tiếng Anh."),
}

SHAPES: Mapping[str, Shape] = {
    "file": {
        "include": Key("texts", "Các tệp đọc kèm, trong cùng thư mục; dùng được dấu *, ví dụ areas/*.yaml."),
        "province": _must("province", "Mã tỉnh, hai chữ số, đặt trong dấu nháy."),
        "calendar": _must("shape:calendar", "Lịch làm việc."),
        "areas": Key("map:area", "Khu vực đặt tên, dùng lại trong quy tắc."),
        "agencies": _must("map:shape:agency", "Các cơ quan. UBND xã, phường không ghi ở đây."),
        "groups": _must("map:shape:group", "Nhóm lĩnh vực và các lĩnh vực của nhóm."),
        "tables": Key("map:table", "Bảng khu vực → cơ quan; quy tắc gọi là “by table <mã bảng>”."),
        "deadlines": _must("shape:deadlines", "Thời hạn chung của tỉnh."),
        "duplicates": Key(
            "shape:duplicates", "Khi nào hai phản ánh có thể là một việc; lĩnh vực ghi riêng thì theo lĩnh vực."
        ),
        "rules": _must(
            "list:shape:rule", "Các quy tắc, xét từ trên xuống; quy tắc đầu tiên đúng là quy tắc được dùng."
        ),
        "fallback": _must("shape:fallback", "Khi không quy tắc nào đúng."),
        "examples": Key("list:shape:example", "Ví dụ phải đúng; sai một ví dụ thì tệp không được dùng."),
    },
    "calendar": {
        "office_hours": _must("shape:office_hours", "Giờ làm việc theo thứ; thứ không ghi là ngày nghỉ."),
        "night": Key("stretch", "Ban đêm, ví dụ 22:00-05:00."),
        "public_holidays": Key("holidays", "VN: nghỉ lễ, tết theo luật; none: không."),
        "swapped_days": Key("list:shape:swap", "Ngày nghỉ hoán đổi."),
        "closures": Key("closures", "Ngày địa phương nghỉ."),
        "seasons": Key("map:shape:season", "Mùa trong năm, ví dụ mùa mưa."),
    },
    "office_hours": {weekday: Key("text", "Ví dụ 07:00-11:00, 13:00-17:00.") for weekday in WEEKDAYS},
    "swap": {
        "off": _must("date", "Ngày làm việc được nghỉ."),
        "work": _must("date", "Ngày nghỉ phải làm bù."),
        "name": Key("text", "Tên dịp nghỉ."),
    },
    "closure": {
        "from": _must("date", "Ngày đầu."),
        "to": Key("date", "Ngày cuối, tính cả ngày này."),
        "name": Key("text", "Lý do nghỉ."),
    },
    "season": {
        "from": _must("month_day", "Tháng-ngày đầu, ví dụ 05-01."),
        "to": _must("month_day", "Tháng-ngày cuối, tính cả ngày này."),
        "name": Key("text", "Tên mùa, dùng trong lý do."),
    },
    "area": {
        "name": Key("text", "Tên khu vực, dùng trong lý do."),
        "communes": Key("communes", "Mã xã, phường."),
        "polygon": Key("path", "Tệp GeoJSON có đường bao."),
        "line": Key("path", "Tệp GeoJSON có tuyến đường, dòng kênh."),
        "within": Key("distance", "Cách tuyến không quá, ví dụ 200 m."),
        "lat": Key("number", "Vĩ độ của tâm."),
        "lon": Key("number", "Kinh độ của tâm."),
        "radius": Key("distance", "Bán kính quanh tâm, ví dụ 500 m hoặc 2 km."),
    },
    "agency": {
        "kind": _must("agency_kind", "Loại cơ quan."),
        "name": _must("text", "Tên cơ quan."),
        "name_en": _must("text", "Tên tiếng Anh."),
        "parent": Key("id", "Cơ quan giám sát; không ghi là trung tâm điều hành."),
    },
    "group": {
        "name": _must("text", "Tên nhóm."),
        "name_en": _must("text", "Tên tiếng Anh."),
        "icon": _must("text", "Biểu tượng."),
        "categories": _must("map:shape:category", "Các lĩnh vực."),
        "department": Key("id", "Cơ quan phụ trách nhóm; quy tắc gọi là “department for the category”."),
        "out_of_scope": Key("flag", "true: không phải phản ánh hiện trường."),
    },
    "category": {
        "name": _must("text", "Tên lĩnh vực."),
        "name_en": _must("text", "Tên tiếng Anh."),
        "keywords": _must("texts", "Từ khóa, ghi có dấu."),
        "examples": _must("texts", "Câu người dân hay viết."),
        "icon": Key("text", "Biểu tượng; không ghi là của nhóm."),
        "urgency": Key("urgency", "Mức độ mặc định."),
        "visibility": Key("visibility", "Công khai hay riêng tư."),
        "handling": Key("shape:handling", "Thời hạn xử lý khác thời hạn chung."),
        "department": Key("id", "Cơ quan phụ trách lĩnh vực, thay cho của nhóm."),
        "near": Key("distance", "Phản ánh đang mở trong bán kính này có thể là cùng một việc, ví dụ 50 m."),
        "recent": Key("limit", "Chỉ tính phản ánh gửi trong thời gian này, ví dụ 14 days."),
        "questions": Key("map:shape:question", "Câu hỏi thêm cho người gửi."),
        "advice": Key("text", "Chỉ nơi tiếp nhận đúng, khi không phải phản ánh hiện trường."),
        "advice_en": Key("text", "Lời chỉ dẫn bằng tiếng Anh."),
    },
    "question": {
        "name": _must("text", "Câu hỏi."),
        "name_en": Key("text", "Câu hỏi bằng tiếng Anh."),
        "answers": _must("map:shape:answer", "Các câu trả lời để chọn."),
    },
    "answer": {
        "name": _must("text", "Câu trả lời."),
        "name_en": Key("text", "Câu trả lời bằng tiếng Anh."),
    },
    "handling": {
        "urgent": Key("limit", "Khi khẩn."),
        "normal": Key("limit", "Khi bình thường."),
        "complex": Key("limit", "Khi phức tạp, nhiều cơ quan."),
    },
    "deadlines": {
        "intake": _must("intake", "Tiếp nhận và chuyển đi."),
        "handling": _must("shape:all_handling", "Xử lý xong, theo mức độ."),
        "first_answer": Key("first_answer", "Trả lời người dân lần đầu; một thời hạn, hoặc theo mức độ."),
    },
    "all_handling": {
        "urgent": _must("limit", "Khi khẩn."),
        "normal": _must("limit", "Khi bình thường."),
        "complex": _must("limit", "Khi phức tạp, nhiều cơ quan."),
    },
    "duplicates": {
        "near": Key("distance", "Bán kính chung của tỉnh; không ghi là 50 m."),
        "recent": Key("limit", "Thời gian chung của tỉnh; không ghi là 14 days."),
    },
    "intake": {
        "working_days": _must("limit", "Trong ngày làm việc."),
        "days_off": _must("limit", "Trong ngày nghỉ."),
    },
    "limits": {
        "intake": Key("limit", "Tiếp nhận và chuyển đi."),
        "first_answer": Key("limit", "Trả lời người dân lần đầu."),
        "handling": Key("limit", "Xử lý xong."),
    },
    "rule": {
        "id": _must("id", "Mã quy tắc; không dùng lại cho quy tắc khác."),
        "when": _must("shape:when", "Điều kiện; mọi dòng đều phải đúng."),
        "then": _must("shape:then", "Kết quả."),
        **_WHY,
        "before": Key("ids", "Các quy tắc phía dưới mà quy tắc này cố ý đi trước dù cùng đúng."),
    },
    "when": {
        "category": Key("ids", "Lĩnh vực, một trong các mã."),
        "group": Key("ids", "Nhóm lĩnh vực."),
        "area": Key("ids", "Khu vực đặt tên."),
        "commune": Key("communes", "Mã xã, phường."),
        "commune_kind": Key("commune_kinds", "xã, phường, đặc khu."),
        "province": Key("provinces", "Mã tỉnh của nơi phản ánh."),
        "words": Key("words", "Từ trong nội dung; dấu và chữ hoa không quan trọng."),
        "time": Key("times", "Lúc gửi: giờ hành chính, ban đêm, ngày nghỉ …"),
        "weekday": Key("weekdays", "Thứ trong tuần."),
        "season": Key("ids", "Mùa đặt tên trong calendar."),
        "dates": Key("shape:dates", "Từ ngày đến ngày, tính cả hai ngày."),
        "channel": Key("channels", "Kênh gửi."),
        "urgency": Key("urgencies", "Mức độ do người đặt, hoặc của lĩnh vực."),
        "reporter": Key("reporters", "Người gửi."),
        "has_photo": Key("flag", "Có ảnh hay không."),
        "answers": Key("answers", "Trả lời câu hỏi thêm: mã câu hỏi → mã câu trả lời."),
        "all": Key("list:shape:when", "Mọi điều kiện trong danh sách đều đúng."),
        "any": Key("list:shape:when", "Ít nhất một điều kiện đúng."),
        "not": Key("shape:when", "Các điều kiện này không cùng đúng."),
        **_BECAUSE,
    },
    "words": {
        "any": Key("texts", "Có ít nhất một cụm từ."),
        "all": Key("texts", "Có đủ các cụm từ."),
        "none": Key("texts", "Không có cụm từ nào."),
    },
    "dates": {"from": Key("date", "Từ ngày."), "to": Key("date", "Đến hết ngày.")},
    "then": {**_AGENCY, **_RESULT},
    "fallback": {
        "category": _must("id", "Lĩnh vực của phản ánh chưa rõ lĩnh vực."),
        **_AGENCY,
        **_RESULT,
        **_WHY,
    },
    "example": {
        "text": _must("text", "Lời người dân viết."),
        "place": Key("text", "Mã xã, phường, hoặc địa chỉ như người dân ghi, cả tên cũ."),
        "time": _must("moment", "Lúc gửi, ví dụ 2026-11-05 09:00."),
        "category": Key("id", "Lĩnh vực người gửi chọn; không ghi thì hệ thống đoán từ nội dung."),
        "channel": Key("channel", "Kênh gửi; không ghi là web."),
        "reporter": Key("reporter", "Người gửi; không ghi là người dân."),
        "urgency": Key("urgency", "Mức độ do người điều phối đặt."),
        "photo": Key("flag", "Có ảnh hay không."),
        "lat": Key("number", "Vĩ độ."),
        "lon": Key("number", "Kinh độ."),
        "answers": Key("answers", "Trả lời câu hỏi thêm."),
        "expect": _must("shape:expect", "Kết quả phải có."),
    },
    "expect": {
        "category": Key("id", "Lĩnh vực hệ thống đoán."),
        "agency": Key("role", "Cơ quan chủ trì; “commune office of the place” là UBND nơi đó."),
        "rule": Key("id", "Mã quy tắc, hoặc fallback."),
        "urgency": Key("urgency", "Mức độ."),
        "visibility": Key("visibility", "Công khai hay riêng tư."),
        "handling": Key("limit", "Thời hạn xử lý, ví dụ 3 working days."),
        "deadline": Key("moment", "Hạn xử lý, ví dụ 2026-11-10 17:00."),
    },
}


@cache
def required(shape: str) -> tuple[str, ...]:
    return tuple(name for name, key in SHAPES[shape].items() if key.required)


@cache
def optional(shape: str) -> tuple[str, ...]:
    return tuple(name for name, key in SHAPES[shape].items() if not key.required)
