"""Short words that mean something by themselves. An explicit table, not guesswork: whole messages only, folded, with
polite endings taken off. Whatever is not in it counts as part of a report.
"""

import re
from enum import StrEnum

from app.i18n.text import fold
from app.reports.codes import read_code


class Intent(StrEnum):
    GREETING = "greeting"
    THANKS = "thanks"
    CANCEL = "cancel"
    HELP = "help"
    PROGRESS = "progress"
    REPORT = "report"
    YES = "yes"
    AGREE = "agree"
    NO = "no"


_PHRASES: dict[Intent, str] = {
    Intent.GREETING: """xin chao | chao | chao buoi sang | chao buoi chieu | chao buoi toi | chao ban | chao bot | alo |
        a lo | hello | hi | hey | bat dau | good morning | good afternoon | good evening""",
    Intent.THANKS: """cam on | cam on nhieu | xin cam on | da cam on | rat cam on | ok cam on | tot qua | thanks |
        thank you | thank you very much | many thanks | tks""",
    Intent.CANCEL: """huy | huy bo | huy di | huy phan anh | thoi | thoi khong gui nua |
        khong gui nua | bo di | bo qua | cancel | stop | never mind""",
    Intent.HELP: "tro giup | giup | giup toi | giup do | huong dan | cach dung | lam sao | help | menu",
    Intent.PROGRESS: """bao gio xong | khi nao xong | xong chua | chung nao xong | den dau roi | toi dau roi | bao gio
        xu ly | khi nao xu ly | chung nao xu ly | sao chua xu ly | chua thay xu ly | chua ai xu ly | sao lau the |
        sao lau vay | sao lau qua | ket qua the nao | any news | when will it be done | is it done | status""",
    Intent.REPORT: """phan anh | gui phan anh | phan anh moi | toi muon phan anh | toi muon gui phan anh | bao cao |
        toi muon bao cao | report | new report | i want to report | i want to make a report""",
    Intent.YES: """dung | dung roi | dung vay | phai | phai roi | chinh xac | chuan | ok | oke | okay | oki | co |
        vang | da | u | uh | um | gui | gui di | gui luon | gui phan anh di | yes | y | correct | right | send""",
    Intent.AGREE: "dong y | toi dong y | dong y gui | dong y va gui | i agree | agree | agree and send",
    Intent.NO: "khong | khong phai | khong dung | chua dung | sai | sai roi | ko | k | hong phai | no | nope | wrong",
}
_MEANS = {" ".join(p.split()): intent for intent, text in _PHRASES.items() for p in text.split("|")}

_ENDINGS = "a nhe nha nhen ban anh chi em ad admin oi shop luon voi roi day vay bot ha ah please"
_POLITE = frozenset(_ENDINGS.split())
_OPENINGS = frozenset({"da", "vang", "xin", "ok", "oke", "okay", "thoi", "u", "uh"})
_WORD = re.compile(r"\W+")


def intent_of(text: str) -> Intent | None:
    """What a whole short message means, if it is one of the table's."""
    if len(text) > 60:
        return None
    words = _WORD.sub(" ", fold(text)).split()
    while words:
        if meaning := _MEANS.get(" ".join(words)):
            return meaning
        if words[-1] in _POLITE:
            words = words[:-1]
        elif words[0] in _OPENINGS and len(words) > 1:
            words = words[1:]
        else:
            return None
    # Nothing but polite words ("anh ơi", "ad ơi"): somebody calls.
    return Intent.GREETING if any(c.isalpha() for c in text) else None


_CODE = re.compile(r"(?<![\w-])PA[\s-]?[0-9A-Z]{4}[\s-]?[0-9A-Z]{4}(?![\w-])", re.IGNORECASE)
_BARE = re.compile(r"(?=.*\d)[0-9A-Z]{4}[\s-]?[0-9A-Z]{4}", re.IGNORECASE)
_ABOUT_IT = 40


def code_in(text: str) -> str | None:
    """The first report code that stands in a text, as people and we write it."""
    found = _CODE.search(text)
    return (read_code(found.group()) or found.group()) if found else None


def asked_code(text: str) -> str | None:
    """The code when a message is nothing but a code, or a few words about one ("PA-… đến đâu rồi")."""
    line = text.strip().strip(".?!")
    if _BARE.fullmatch(line) and read_code(line):
        return read_code(line)
    code = code_in(line)
    return code if code and len(line) <= _ABOUT_IT else None


# An angry follow-up: anywhere in a message, for nobody says it in the same words twice. Folded.
_UPSET = re.compile(
    r"\b(?:(?:sao|tai sao|vi sao)(?: \w+){0,4}? (?:mai|hoai|van)(?: \w+){0,3}? (?:chua|khong|ko|chang)|"
    r"(?:mai|hoai)(?: ma)?(?: \w+){0,2}? (?:chua|khong|ko|chang)(?: thay)?(?: \w+){0,2}? "
    r"(?:lam|xu ly|sua|giai quyet|don|den|tra loi|toi)|"
    r"(?:gui|bao|phan anh|goi|nhan|noi)(?: \w+){0,3}? (?:\d+|hai|ba|bon|nam|may|nhieu|bao nhieu) lan(?: roi)?|"
    r"(?:gui|bao|phan anh) (?:hoai|mai|roi ma)|"
    r"lam an (?:kieu gi|gi ky|the nao|nhu the|the a|vay a|do te|te)|lam viec (?:kieu gi|nhu the a|te qua|do te)|"
    r"kieu gi (?:vay|the|ky vay)|(?:vo|thieu) trach nhiem|tac trach|quan lieu|"
    r"(?:den|toi|cho toi|cho den) bao gio(?: nua)?(?: \w+){0,2}? (?:moi|day|nua)|"
    r"(?:doi|cho) (?:hoai|mai|bao lau nua|den bao gio|den khi nao)|"
    r"khong ai (?:lam|quan tam|doai hoai|tra loi|xu ly) (?:gi )?(?:het|ca|sao|a)|"
    r"(?:noi|hua) suong|hua hoai|lua dan|coi thuong dan|buc minh qua|buc xuc qua|that vong|"
    r"(?:reported|told you|sent)(?: \w+){0,3}? (?:\d+|two|three|four|many|several) times|still nothing|"
    r"nobody (?:cares|does anything)|how many times|ridiculous|useless)\b"
)
_UPSET_MOST = 200


def is_upset(text: str) -> bool:
    """Whether a message sounds like one who has reported before and is tired of waiting."""
    return len(text) <= _UPSET_MOST and bool(_UPSET.search(_WORD.sub(" ", fold(text))))
