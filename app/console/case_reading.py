"""How what was typed into an act's form becomes what the act needs."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.accounts.model import Agency
from app.console.case_forms import URGENCIES
from app.console.case_view import Reader
from app.errors import Invalid, Problem
from app.forms import Form, whole
from app.i18n import Lang, t
from app.i18n.text import fold
from app.places.gazetteer import Gazetteer
from app.places.model import Commune
from app.reports.model import Form as Wanted
from app.reports.model import Urgency
from app.routing.calendar import VIETNAM


class Reading:
    """Turns what was typed into what an act needs; ``problems`` are what cannot be understood."""

    def __init__(self, form: Form, fields: Sequence[str], reader: Reader, gazetteer: Gazetteer) -> None:
        self.problems: list[Problem] = []
        self._form, self._fields, self._reader, self._gazetteer = form, fields, reader, gazetteer

    def wanted(self) -> Wanted:
        """Without photos and files. Raises Invalid with everything that is wrong."""
        form, has = self._form, self._fields
        made = Wanted(
            text=form.text("text") if "text" in has else "",
            agency_id=self._agency() if "agency" in has else None,
            category=(form.text("category") or None) if "matter" in has else None,
            commune=self._commune() if "matter" in has else None,
            urgency=self._urgency() if "urgency" in has else None,
            days=self._days() if {"later", "by"} & set(has) else None,
            due=self._due() if {"later", "by"} & set(has) else None,
            target=(form.text("target") or None) if "target" in has else None,
            direction=self._id("direction") if "direction" in has else None,
            attachment=self._id("attachment") if "attachment" in has else None,
            colleague=self._id("colleague") if "colleague" in has else None,
            tags=tuple(form.text("tags").split(",")) if "tags" in has else None,
            client_key=form.text("client_key")[:200] or None,
        )
        if self.problems:
            raise Invalid.many(self.problems)
        return made

    def _wrong(self, key: str, field: str, **params: object) -> None:
        self.problems.append(Problem(key, params, field))

    def _agency(self) -> str | None:
        typed = self._form.text("agency")
        found = agency_named(typed, self._reader)
        if typed and found is None:
            self._wrong("case.agency_unclear", "agency", typed=typed[:60])
        return found

    def _commune(self) -> Commune | None:
        typed = self._form.text("commune")
        if not typed:
            return None
        ours = [c for c in self._gazetteer.communes if c.province_code == self._reader.rules.province_code]
        wanted = fold(typed)
        found = [c for c in ours if wanted in (c.code, fold(c.full_name))] or [
            c for c in ours if fold(c.full_name).endswith(f" {wanted}")
        ]
        if len(found) != 1:
            self._wrong("case.commune_unclear", "matter", typed=typed[:60])
            return None
        return found[0]

    def _urgency(self) -> Urgency | None:
        return next((one for one in URGENCIES if one == self._form.text("urgency")), None)

    def _days(self) -> int | None:
        typed = self._form.text("days")
        days = whole(typed, 4)
        if typed and days is None:
            self._wrong("case.days_wrong", "days")
        return days

    def _due(self) -> datetime | None:
        """As a browser's field for date and time writes it, in Vietnam."""
        typed = self._form.text("due")
        if not typed:
            return None
        try:
            return datetime.fromisoformat(typed).replace(tzinfo=VIETNAM)
        except ValueError:
            self._wrong("case.due_wrong", "due")
            return None

    def _id(self, field: str) -> UUID | None:
        typed = self._form.text(field)
        try:
            return UUID(typed) if typed else None
        except ValueError:
            self._wrong("api.wrong_value", field)
            return None


def agency_named(typed: str, reader: Reader) -> str | None:
    """The open agency that is meant: by id, by its whole name, or by words that only one name has; accents aside."""
    wanted = fold(typed)
    if not wanted:
        return None
    names = {one.agency_id: _names(one) for one in reader.agencies.values() if one.active}
    if typed in names:
        return typed
    whole = [agency_id for agency_id, said in names.items() if wanted in said]
    part = [agency_id for agency_id, said in names.items() if any(_has_all(name, wanted) for name in said)]
    found = whole or part
    return found[0] if len(found) == 1 else None


def _names(agency: Agency) -> tuple[str, ...]:
    return tuple(fold(name) for name in (agency.name, agency.name_en) if name)


def _has_all(name: str, wanted: str) -> bool:
    words = name.split()
    return all(any(word.startswith(part) for word in words) for part in wanted.split())


def sentence(problem: Problem, lang: Lang) -> str:
    """What a problem says; a status among its parameters is given its name."""
    params = dict(problem.params)
    if "status" in params:
        params["status"] = t(f"reports.status_{params['status']}", lang)
    return t(problem.key, lang, **({"field": problem.field} | params))
