"""Words of danger for life: fire, accident, live wires, drowning, violence.

Whoever writes them is told 113, 114 and 115 before anything else (``bot.conversation``), and the report is urgent
whatever rule decides it (``RuleSet.choose``). An explicit table. It stands here and not in a rules file because it must
see accents ("cháy" burns, "chạy" runs, "chảy" flows), which a file's phrases do not.
"""

import re
import unicodedata

from app.i18n.text import fold

_TABLE = re.compile(
    r"\b(?:(?<!đèn )(?<!bóng )cháy(?! bóng| đèn| nắng)|hỏa hoạn|hoả hoạn|bốc khói|phát nổ|nổ gas|nổ bình|tai nạn|"
    r"điện giật|giật điện|chập điện|rò điện|rò rỉ điện|hở điện|dây điện (?:bị )?đứt|đứt dây điện|đuối nước|chết đuối|"
    r"rò gas|rò rỉ gas|xì gas|ngộ độc|bất tỉnh|bị thương|kêu cứu|cứu với|cấp cứu|đánh nhau|cướp|hành hung|sạt lở|"
    r"sập (?:nhà|cầu|tường|cống)|(?:nhà|cầu|tường) (?:bị )?sập|lũ quét|vỡ đê|cuốn trôi|mắc kẹt)\b"
)
# Without accents "chay" may as well run or flow, so only whole phrases count.
_TABLE_FOLDED = re.compile(
    r"\b(?:chay (?:nha|cho|rung|lon|to)|(?:nha|bi|dam|boc|phat|vu) chay|hoa hoan|boc khoi|phat no|no gas|no binh|"
    r"tai nan|dien giat|giat dien|chap dien|ro dien|ro ri dien|ho dien|day dien (?:bi )?dut|dut day dien|"
    r"duoi nuoc|chet duoi|"
    r"ro gas|ro ri gas|xi gas|ngo doc|bat tinh|bi thuong|keu cuu|cuu voi|cap cuu|danh nhau|cuop|hanh hung|sat lo|"
    r"sap (?:nha|cau|tuong)|(?:nha|cau|tuong) (?:bi )?sap|lu quet|vo de|cuon troi|mac ket|"
    r"on fire|fire in|house fire|accident|electrocuted|drowning|injured|live wire|gas leak)\b"
)
# What might happen, what happens now and then, and what fire engines are for: no danger at this moment. Wires, gas and
# walls are left out on purpose, for there the risk itself is the danger.
_UNSURE = re.compile(
    r"\b(?:dễ|có thể|có khả năng|nguy cơ|lo|sợ|e|tránh|phòng|ngừa|hay|thường|thường xuyên|từng|nhiều lần|nhiều vụ)"
    r"(?: \w+){0,3}? (?:tai nạn|cháy|cháy nổ|hỏa hoạn|hoả hoạn|bị thương|đuối nước|ngộ độc|đánh nhau|cướp)\b"
    r"|\b(?:bình|trụ|trụ nước|họng|hệ thống|thiết bị|phương tiện|phòng cháy) (?:chữa|báo) cháy\b"
    r"|\bphòng cháy\b|\bchuông báo cháy\b"
)
# Fewer openings: "so" is "sợ" and "số", "de" is "dễ" and "để".
_UNSURE_FOLDED = re.compile(
    r"\b(?:de gay|de bi|de xay ra|co the|co kha nang|nguy co|hay xay ra|hay co|thuong xuyen|nhieu lan|nhieu vu)"
    r"(?: \w+){0,3}? (?:tai nan|chay|chay no|hoa hoan|bi thuong|duoi nuoc|ngo doc|danh nhau|cuop)\b"
    r"|\b(?:so|tranh|phong|ngua)(?: gay| bi| xay ra)? (?:tai nan|duoi nuoc|ngo doc)\b"
    r"|\b(?:risk of|could|may|might|cause|causing|prevent)(?: \w+){0,3}? (?:accidents?|injured)\b"
)


def is_danger(text: str) -> bool:
    """Whether the words name a danger for life that is there now."""
    typed = " ".join(unicodedata.normalize("NFC", text).casefold().split())
    bare = fold(text)
    if bare != typed:
        return bool(_TABLE.search(_UNSURE.sub(" , ", typed)))
    return bool(_TABLE_FOLDED.search(_UNSURE_FOLDED.sub(" , ", bare)))
