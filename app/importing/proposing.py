"""A first mapping for a list that nobody has described yet: a text to look through and mend."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping

from app.i18n import Lang, t
from app.i18n.text import fold, nfc
from app.importing.mapping import Known, names_of
from app.importing.model import COLUMNS, NEEDED, VALUES, Field
from app.importing.table import Table
from app.partners.answers import Service
from app.routing.guess import clear_guess

_CALLED: dict[Field, tuple[str, ...]] = {
    "number": ("ma ho so", "ma phan anh", "so ho so", "ma so", "ma", "id", "report id", "service_request_id", "number"),
    "text": ("noi dung", "noi dung phan anh", "tieu de", "mo ta", "title", "detail", "description", "text", "content"),
    "category": ("linh vuc", "loai phan anh", "chuyen muc", "danh muc", "category", "subcategory", "service_name"),
    "agency": ("don vi xu ly", "co quan xu ly", "don vi", "co quan", "agency", "agency_responsible", "department"),
    "status": ("trang thai", "tinh trang", "status", "state"),
    "channel": ("nguon", "kenh", "kenh tiep nhan", "channel", "source", "device type"),
    "submitted_at": ("ngay gui", "thoi gian gui", "ngay tao", "ngay phan anh", "created", "requested_datetime", "sent"),
    "received_at": ("ngay tiep nhan", "thoi gian tiep nhan", "acknowledged", "received"),
    "assigned_at": ("ngay chuyen", "ngay phan cong", "ngay giao", "assigned"),
    "started_at": ("ngay bat dau", "started"),
    "finished_at": ("ngay xu ly", "ngay hoan thanh", "ngay tra loi", "ngay dong", "fixed", "closed", "resolved"),
    "due": ("han xu ly", "thoi han", "han", "due", "expected_datetime"),
    "lat": ("vi do", "lat", "latitude"),
    "lon": ("kinh do", "lon", "lng", "long", "longitude"),
    "address": ("dia chi", "dia diem", "vi tri", "address", "query"),
    "commune": ("xa phuong", "xa/phuong", "phuong/xa", "xa, phuong", "phuong xa", "ma xa", "ward", "commune"),
    "answer": ("ket qua", "ket qua xu ly", "noi dung tra loi", "tra loi", "status_notes", "answer", "resolution"),
    "rating": ("danh gia", "muc do hai long", "rating"),
    "contact_name": ("ho ten", "ho va ten", "nguoi gui", "nguoi phan anh", "user name", "name"),
    "contact_phone": ("so dien thoai", "dien thoai", "sdt", "phone"),
    "contact_email": ("email", "thu dien tu", "e-mail"),
}
_STATUSES = {
    "moi": "open", "moi gui": "open", "cho tiep nhan": "open", "da tiep nhan": "open", "open": "open", "new": "open",
    "da chuyen": "assigned", "da phan cong": "assigned", "chua xu ly": "assigned", "dang xu ly": "in_progress",
    "in progress": "in_progress", "da xu ly": "closed", "hoan thanh": "closed", "da hoan thanh": "closed",
    "da tra loi": "closed", "da dong": "closed", "dong": "closed", "closed": "closed", "fixed": "closed",
    "tu choi": "rejected", "khong tiep nhan": "rejected", "khong hop le": "rejected", "rejected": "rejected",
    "da rut": "withdrawn", "trung": "duplicate",
}  # fmt: skip
_CHANNELS = {"website": "web", "cong thong tin": "web", "dien thoai": "hotline", "tong dai": "hotline",
             "1022": "hotline", "zalo": "zalo_oa", "app": "api", "ung dung": "api",
             "ung dung di dong": "api"}  # fmt: skip
_RATINGS = {"hai long": "satisfied", "rat hai long": "satisfied", "chap nhan": "acceptable",
            "binh thuong": "acceptable", "khong hai long": "dissatisfied"}  # fmt: skip
_DATES = ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y", "%H:%M %d/%m/%Y", "%d-%m-%Y %H:%M", "%d-%m-%Y")
_MOST_VALUES = 300


def proposed(table: Table, known: Known, names: Mapping[str, str], lang: Lang) -> str:
    """A mapping file (TOML). What could not be guessed stands there as a remark."""
    columns = _columns(table.heading)
    left = [name for name in table.heading if name and not any(name in each for each in columns.values())]
    lines = [
        f"# {t('importing.propose_head', lang)}",
        f"source = {_said(table.path.stem)}",
        f"encoding = {_said(table.encoding)}",
        f"separator = {_said(table.separator)}",
        'time_zone = "Asia/Ho_Chi_Minh"',
        f"dates = {_said(list(_DATES))}",
        f'undated = "refuse" # {t("importing.propose_undated", lang)}',
        "",
        "[columns]",
        *(
            f"{field} = {_said(columns[field])}" if field in columns else f"# {field} = "
            for field in COLUMNS
            if field in columns or field not in NEEDED
        ),
        *(f"{field} = [] # {t('importing.propose_missing', lang)}" for field in NEEDED if field not in columns),
        *([f"# {t('importing.propose_left', lang)} {', '.join(left)}"] if left else []),
    ]
    for field, found in _values(table, columns).items():
        lines += ["", f"[values.{field}]", *_meanings(field, found, known, names, lang)]
    return "\n".join(lines) + "\n"


def for_server(
    host: str,
    jurisdiction: str,
    services: Iterable[Service],
    values: Mapping[Field, Counter[str]],
    known: Known,
    names: Mapping[str, str],
    lang: Lang,
) -> str:
    """A mapping file for an Open311 server, whose columns are known. ``values``: of its newest requests."""
    lines = [
        f"# {t('importing.propose_server', lang)}",
        f"source = {_said(host)}",
        f"{'' if jurisdiction else '# '}jurisdiction_id = {_said(jurisdiction)}",
        f'# api_key_file = "" # {t("importing.propose_key", lang)}',
        f'time_zone = "Asia/Ho_Chi_Minh" # {t("importing.propose_zone", lang)}',
        "",
        "[values.category]",
        *_services(services, known, names, lang),
        "",
        "[values.agency]",
        *_meanings("agency", values["agency"], known, names, lang),
        f'"*" = "" # {t("importing.propose_rules", lang)}',
        "",
        "[values.status]",
        f'open = "assigned" # {t("importing.propose_open", lang)}',
        *_meanings("status", _strange(values["status"]), known, names, lang),
    ]
    return "\n".join(lines) + "\n"


def _strange(statuses: Counter[str]) -> Counter[str]:
    return Counter({said: count for said, count in statuses.items() if fold(said) not in ("open", "closed")})


def _services(services: Iterable[Service], known: Known, names: Mapping[str, str], lang: Lang) -> Iterable[str]:
    ours = names_of("category", known, names)
    for one in services:
        guess = _guess("category", one.name, known)
        meant = ours.get(fold(one.code)) or ours.get(fold(one.name)) or guess
        called = " ".join(f"{one.group}: {one.name}".split() if one.group else one.name.split())
        line = f"{_said(one.code)} = {_said(meant or '')} # {called}"
        yield line if meant else f"# {line} {t('importing.propose_say', lang)}"


def _columns(heading: Iterable[str]) -> dict[Field, list[str]]:
    by_name = {fold(name): name for name in reversed(list(heading)) if name}
    found: dict[Field, list[str]] = {}
    for field, called in _CALLED.items():
        there = [by_name[each] for each in called if each in by_name]
        if there:
            found[field] = there if field in ("text", "finished_at", "address", "answer") else there[:1]
    # A title comes before what is said under it.
    if "text" in found:
        found["text"].sort(key=lambda name: fold(name) not in ("tieu de", "title"))
    return found


def _values(table: Table, columns: Mapping[Field, list[str]]) -> dict[Field, Counter[str]]:
    found: dict[Field, Counter[str]] = {field: Counter() for field in VALUES if field in columns}
    for row in table.rows():
        for field, counted in found.items():
            if value := nfc(row.cells.get(columns[field][0], "")):
                counted[value] += 1
    return found


def _meanings(field: Field, found: Counter[str], known: Known, names: Mapping[str, str], lang: Lang) -> Iterable[str]:
    ours = names_of(field, known, names)
    for value, count in found.most_common(_MOST_VALUES):
        meant = ours.get(fold(value)) or _guess(field, value, known)
        line = f"{_said(value[:200])} = {_said(meant or '')} # {count}"
        yield line if meant else f"# {line} {t('importing.propose_say', lang)}"


def _guess(field: Field, value: str, known: Known) -> str | None:
    match field:
        case "status":
            return _STATUSES.get(fold(value))
        case "channel":
            return _CHANNELS.get(fold(value))
        case "rating":
            return _RATINGS.get(fold(value))
        case "category":
            return clear_guess(known.rules.guess_category(value))
        case _:
            return None


def _said(value: str | list[str]) -> str:
    """As TOML writes it, which is how JSON does."""
    return json.dumps(value, ensure_ascii=False)
