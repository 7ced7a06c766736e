"""The form of a report that comes by itself: what was typed, and what may be chosen."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from msgspec import Struct, field

from app.accounts import service as accounts
from app.accounts.model import Actor, Role, Staff
from app.accounts.permissions import ALLOWED, Permission
from app.console.context import Req, actor, console, lang_of, session
from app.console.staff_common import choices_of, role_word
from app.errors import Invalid
from app.forms import Form, whole
from app.i18n import LANGS, Lang, t
from app.routing.model import CHANNELS
from app.schedules.model import ADD_ADDRESSES, FORMATS, KINDS, Draft, Schedule, When
from app.stats.asked import FILTERS, NOBODY

_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


_DAYS = {"weekly": "1", "monthly": "1", "cut": "25"}


class Typed(Struct, frozen=True, kw_only=True):
    """The form as it was typed, or as it is kept. ``days``: one for each kind that has one; ``filters``: values by the
    names that addresses have for them."""

    name: str = ""
    kind: str = "weekly"
    days: Mapping[str, str] = field(default_factory=lambda: _DAYS)
    time: str = "07:30"
    office_days: bool = True
    lang: str = "vi"
    filters: Mapping[str, Collection[str]] = {}
    formats: Collection[str] = ("pdf",)
    people: Collection[str] = ()
    addresses: str = ""

    @classmethod
    def of(cls, one: Schedule) -> "Typed":
        draft = one.draft
        filters: dict[str, list[str]] = {}
        for name, value in parse_qsl(draft.query):
            filters.setdefault(name, []).append(value)
        return cls(
            name=draft.name,
            kind=draft.when.kind,
            days={**_DAYS, draft.when.kind: str(draft.when.day)},
            time=clock(draft.when.minute),
            office_days=draft.when.office_days,
            lang=draft.lang,
            filters=filters,
            formats=draft.formats,
            people=[str(each) for each in draft.people],
            addresses="\n".join(draft.addresses),
        )

    @classmethod
    def from_form(cls, form: Form) -> "Typed":
        return cls(
            name=form.text("name"),
            kind=form.text("kind"),
            days={kind: form.text(f"day-{kind}") for kind in _DAYS},
            time=form.text("time"),
            office_days="office_days" in form.fields,
            lang=form.text("lang"),
            filters={name: form.ticked.get(name, []) for name in FILTERS},
            formats=form.ticked.get("formats", []),
            people=form.ticked.get("people", []),
            addresses=form.text("addresses"),
        )

    def draft(self) -> Draft:
        """Raises Invalid for a time that is none."""
        found, kind = _TIME.fullmatch(self.time), next((kind for kind in KINDS if kind == self.kind), None)
        day = whole(self.days.get(self.kind, "0"), 2)
        if found is None or kind is None or day is None:
            raise Invalid("schedules.when_wrong", field="when")
        pairs = [(name, value) for name in FILTERS for value in sorted(set(self.filters.get(name, ())))]
        return Draft(
            name=self.name,
            when=When(kind, day, 60 * int(found[1]) + int(found[2]), self.office_days),
            lang="en" if self.lang == "en" else "vi",
            query=urlencode(pairs),
            formats=tuple(self.formats),
            people=tuple(UUID(each) for each in self.people if _ID.fullmatch(each)),
            addresses=tuple(each for each in re.split(r"[\s,;]+", self.addresses) if each),
        )


class Person(Struct, frozen=True):
    staff_id: str
    name: str
    about: str


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


async def choices(request: Req) -> dict[str, Any]:
    """What may be chosen, within the reader's own rights."""
    reader, lang = actor(request), lang_of(request)
    async with console(request).parts.pool.acquire() as conn:
        agencies = await accounts.agencies(conn)
        everybody = await accounts.all_staff(conn)
    found = choices_of(request, agencies)
    categories = [
        (group, kept)
        for group, rows in found.categories
        if (kept := [row for row in rows if not reader.categories or row[0] in reader.categories])
    ]
    desk = [(NOBODY, t("stats.the_desk", lang))] if reader.sees_all else []
    filters = {
        "agency": [("", [*desk, *(row for row in found.agencies if reader.sees_all or row[0] in reader.agencies)])],
        "category": categories,
        "commune": [("", [row for row in found.communes if not reader.communes or row[0] in reader.communes])],
        "channel": [("", [(each, t(f"console.channel_{each}", lang)) for each in CHANNELS])],
    }
    names = dict(found.agencies)
    return {
        "filters": filters,
        "people": people(reader, everybody, names, lang),
        "formats": FORMATS,
        "kinds": KINDS,
        "langs": LANGS,
        "may_add_addresses": reader.role in ADD_ADDRESSES,
        "own_id": str(session(request).staff.staff_id),
    }


def people(reader: Actor, everybody: Sequence[Staff], agencies: Mapping[str, str], lang: Lang) -> list[Person]:
    """Whom the reader may have figures sent to: oneself, the province's leaders and coordinators, then by agency."""
    may = [
        one
        for one in everybody
        if one.active
        and Permission.READ_STATS in ALLOWED[one.role]
        and (reader.sees_all or one.agency_id in reader.agencies)
    ]

    def place(one: Staff) -> tuple[bool, bool, str, str]:
        return one.staff_id != reader.id, one.role is Role.LEAD, agencies.get(one.agency_id, ""), one.full_name

    may.sort(key=place)
    return [
        Person(str(one.staff_id), one.full_name, f"{role_word(one.role, lang)}, {agencies.get(one.agency_id, '')}")
        for one in may
    ]
