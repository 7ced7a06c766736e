"""Rows of a list turned into what they tell of reports."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec

from app.errors import Invalid, Problem
from app.i18n.text import fold, nfc
from app.importing.mapping import ANYTHING, BY_RULES, Columns, Known, names_of, stage_of
from app.importing.model import COLUMNS, VALUES, Field, Kind, Row, Unreadable
from app.reports.intake import check_text
from app.reports.model import Contact, Place, Rating
from app.reports.past import ENDED, Past

_JOINED: dict[Field, str] = {"text": "\n", "address": ", ", "answer": "\n", "contact_name": " "}
"""Of these all columns are put together; of others the first counts that says something."""
_OF_PLACE = {"place": "lat", "place.address": "address", "place.commune_code": "commune"}
"""Where what others call a field stands in the list."""
_NUMBER_MOST = 100
_NOBODY = frozenset({"(anonymous)", "an danh", "(an danh)"})


class Lines(Protocol):
    """A list as it came, whatever it is kept in."""

    path: Path

    @property
    def called(self) -> str: ...

    @property
    def sha256(self) -> bytes: ...

    @property
    def heading(self) -> list[str]: ...

    def count(self) -> int: ...

    def rows(self) -> Iterator[Row]: ...


class Listed:
    """A list, read by a mapping. ``with_contacts``: whether who reported is taken over too."""

    def __init__(
        self,
        table: Lines,
        columns: Columns,
        known: Known,
        agency_names: Mapping[str, str],
        kind: Kind = "csv",
        *,
        with_contacts: bool = False,
    ) -> None:
        self._table, self._columns, self._with_contacts = table, columns, with_contacts
        self.kind: Kind = kind
        self.name = columns.source
        self._ours = {field: names_of(field, known, agency_names) for field in VALUES}
        theirs = [name for names in columns.columns.values() for name in names]
        missing = [name for name in dict.fromkeys(theirs) if name not in table.heading]
        if missing:
            there = ", ".join(name for name in table.heading if name)[:600]
            raise Invalid.many([Problem("importing.no_column", {"column": c[:60], "there": there}) for c in missing])

    @property
    def read_from(self) -> str:
        return self._table.called

    @property
    def sha256(self) -> bytes:
        how = repr((self._columns, self.kind, self._with_contacts)).encode()
        return hashlib.sha256(self._table.sha256 + how).digest()

    @property
    def heading(self) -> list[str]:
        return self._table.heading

    @property
    def seen_until(self) -> datetime | None:
        return None

    @property
    def refused_to(self) -> Path:
        return self._table.path.with_name(f"{self._table.path.name}.refused.csv")

    def notes(self, *, taken: bool) -> list[Problem]:  # noqa: ARG002  # a list of theirs stays where it is
        return []

    def forget(self) -> None:
        pass

    def close(self) -> None:
        pass

    def count(self) -> int:
        return self._table.count()

    def rows(self) -> Iterator[Row]:
        return self._table.rows()

    def column(self, field: Field) -> str:
        name = _OF_PLACE.get(field, field)
        return " / ".join(self._columns.columns.get(name, ())) if name in COLUMNS else ""

    def past(self, row: Row) -> Past:
        number = self._said(row, "number")
        try:
            return self._past(row, number)
        except Invalid as error:
            raise Unreadable(number[:_NUMBER_MOST], error.problems[0]) from None

    def _past(self, row: Row, number: str) -> Past:
        if not 1 <= len(number) <= _NUMBER_MOST:
            raise Invalid("importing.number_missing", field="number", most=_NUMBER_MOST)
        text, wrong = check_text(self._said(row, "text"))
        if wrong:
            raise Invalid.many(wrong)
        times = {name: self._moment(row, name) for name in COLUMNS if name.endswith("_at") or name == "due"}
        if times["submitted_at"] is None:
            raise Invalid("importing.date_missing", field="submitted_at")
        rating, category, agency = (self._meant(row, name) for name in ("rating", "category", "agency"))
        past = Past(
            number=number,
            text=text,
            stage=stage_of(self._meant(row, "status") or "?"),
            category=category or None,
            place=self._place(row),
            channel=self._meant(row, "channel") or "import",  # type: ignore[arg-type]  # the mapping knows no others
            agency_id=agency or None,
            answer=self._said(row, "answer"),
            rating=Rating(rating) if rating else None,
            contact=self._contact(row) if self._with_contacts else None,
            **times,  # type: ignore[arg-type]  # looked at just above
        )
        if self._columns.undated and past.stage in ENDED and past.finished_at is None:
            last = max(time for name, time in times.items() if time is not None and name != "due")
            past = msgspec.structs.replace(past, finished_at=last)
        return past

    def _all(self, row: Row, field: Field) -> list[str]:
        names = self._columns.columns.get(field, ())
        words = [word for name in names if (word := nfc(row.cells.get(name, "")))]
        return list(dict.fromkeys(words)) if len(words) > 1 else words

    def _said(self, row: Row, field: Field) -> str:
        words = self._all(row, field)
        if field in _JOINED:
            return _JOINED[field].join(words)
        return words[0] if words else ""

    def _meant(self, row: Row, field: Field) -> str:
        """Our word for a value of theirs, of several columns for the first that means something; "" where nothing is
        said, or nothing is to be said. Raises Invalid."""
        said, table = self._all(row, field), self._columns.values.get(field, {})
        for value in map(fold, said or [""]):
            for words in (table, self._ours[field] if said else {}):
                if value in words:
                    return words[value]
        if ANYTHING in table:
            return table[ANYTHING]
        if not said and field != "status":
            return BY_RULES
        raise Invalid("importing.value_unknown", field=field, which=field, value=(said or [""])[0][:60])

    def _moment(self, row: Row, field: Field) -> datetime | None:
        said = self._said(row, field)
        return moment(said, self._columns.dates, self._columns.zone, field) if said else None

    def _place(self, row: Row) -> Place:
        lat, lon = (self._degrees(row, field) for field in ("lat", "lon"))
        if lat is None or lon is None:
            lat = lon = None
        address, commune = self._said(row, "address"), self._said(row, "commune")
        if len(commune) == 5 and commune.isdecimal():
            return Place(lat, lon, address, commune)
        named = commune and fold(commune) not in fold(address)
        return Place(lat, lon, ", ".join(each for each in (address, commune if named else "") if each))

    def _degrees(self, row: Row, field: Field) -> float | None:
        said = self._said(row, field)
        if not said:
            return None
        try:
            return float(said.replace(",", "."))
        except ValueError:
            raise Invalid("importing.degrees_wrong", field=field, value=said[:40]) from None

    def _contact(self, row: Row) -> Contact | None:
        name, phone, email = (self._said(row, f"contact_{each}") for each in ("name", "phone", "email"))
        name = "" if fold(name) in _NOBODY else name
        return Contact(name, phone, email) if name or phone or email else None


@lru_cache(maxsize=4096)
def moment(said: str, forms: tuple[str, ...], zone: ZoneInfo, field: Field) -> datetime:
    """In one of these forms (as strptime writes them), else as ISO 8601 has it; by the zone's clocks where it names no
    other. Raises Invalid."""
    for form in forms:
        try:
            found = datetime.strptime(said, form)  # noqa: DTZ007  # the zone comes just below
        except ValueError:
            continue
        return found if found.tzinfo else found.replace(tzinfo=zone)
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        wanted = ", ".join((*forms, "ISO 8601"))
        raise Invalid("importing.date_wrong", field=field, value=said[:40], forms=wanted) from None
    return found if found.tzinfo else found.replace(tzinfo=zone)
