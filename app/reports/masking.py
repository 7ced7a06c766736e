"""What the public may not read in a published text: telephone numbers, e-mail addresses, identity numbers, and names of
persons where the text says that it is one.

A coordinator reads a text before publishing it; this is the net below that. A name is known by a title or "tên" before
it and a Vietnamese family name at its head, so that streets named after people stay readable.
"""

import re

from app.i18n import Lang, t

_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+")
# Nine digits or more with the separators people type: 0912 345 678, +84.912.345.678, (0290) 3831 234, 096 123456789;
# and those that telephones and word processors make of them: spaces that do not break, longer dashes, middle dots.
_NUMBER = re.compile(
    r"(?<![\w/])[+(]?\d(?:[ \u00a0\u2002-\u200a\u202f.()\-\u2010-\u2015\u2212·•]{0,2}\d){8,14}(?![\w/])"
)
# A date and a time, or coordinates, are as long as a telephone number and no secret.
_HARMLESS = re.compile(r"\d{1,2}[-.–]\d{1,2}[-.–]\d{4}(?: \d{1,2}(?:[.:]?\d{2})?)?|\d{1,3}\.\d{4,}")
_FAMILY = (
    "Nguyễn|Trần|Lê|Phạm|Huỳnh|Hoàng|Phan|Vũ|Võ|Đặng|Bùi|Đỗ|Hồ|Ngô|Dương|Lý|Đinh|Trương|Lâm|Mai|Đoàn|Trịnh|Đào|Châu|Cao|"
    "Lương|Tạ|Thạch|Sơn|Kim|Danh|Tô|Hà|Thái|Quách|Từ|Lưu|Phùng|Vương|Tăng|Nguyen|Tran|Pham|Huynh|Hoang|Vu|Vo|Dang|Bui|Ngo|"
    "Duong|Dinh|Truong|Doan|Trinh|Dao|Luong"
)
_TITLE = (
    "(?i:ông|bà|anh|chị|cô|chú|bác|dì|thầy|em|tên(?: là)?|tôi là|mình là|"
    "ong|ba|chi|co|chu|bac|ten(?: la)?|toi la|mr|mrs|ms)"
)
_CAPITALS = "".join(chr(c) for c in (*range(0x41, 0x5B), *range(0xC0, 0x1EFF)) if chr(c).isupper())
_LIKE_A_NAME = re.compile(rf"(?:{_FAMILY}) [{_CAPITALS}]")
"""Found in every name and quickly; whole lists are masked as well as single reports."""
_NAME = re.compile(rf"\b({_TITLE}\.? )((?:{_FAMILY})(?: [{_CAPITALS}]\w*){{1,4}})")


def _number(found: re.Match[str], lang: Lang) -> str:
    return found[0] if _HARMLESS.fullmatch(found[0]) else t("masking.number", lang)


def mask(text: str, lang: Lang) -> str:
    """The text as the public may read it, with what was taken out named in ``lang``."""
    if "@" in text:
        text = _EMAIL.sub(t("masking.email", lang), text)
    text = _NUMBER.sub(lambda found: _number(found, lang), text)
    if not _LIKE_A_NAME.search(text):
        return text
    return _NAME.sub(lambda found: found[1] + t("masking.name", lang), text)
