"""Lives copied into rows of binary COPY: what differs from copy to copy is cut out once and filled in for each."""

import hashlib
import re
import struct
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from operator import itemgetter
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from app.history.model import NO_HASH, Event
from app.places.model import Commune
from app.reports import codes, store
from app.reports.model import Report
from app.routing.model import commune_office_id
from tests.stats.province import Moment, Past

REPORT = (*store._COLUMNS, "secret_hash", "search_text")
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_DAY = re.compile(rb'(?<=")\d{4}-\d\d-\d\d(?=T\d\d:)|ubnd-\d{5}|(?<=commune":")\d{5}')
_NULL = struct.pack(">i", -1)
_REPORT_ID, _INTO, _INTO_CODE, _FIXED = 0, 1, 2, 3
"""Places of words that are each copy's own, in front of those that are shared."""
_MOVING = {"report_id", "code", "last_hash", "duplicate_of", "lat", "lon", "commune_code", "commune_name", "agency_id"}
_SPREAD = 0x9E3779B1


class Written(Struct):
    """Rows of both tables, each as COPY wants them."""

    reports: list[bytes] = []
    events: list[bytes] = []


class Words(Struct):
    """What stands in a copy's places: dates, agencies and communes, by number."""

    list: list[bytes]
    moved: Mapping[str, Commune]
    shift: timedelta


class _Line(Struct):
    """An event: ``data`` with holes for the words; the rest of the row and of what is hashed around it."""

    data: bytes
    words: Any
    hashed: tuple[bytes, int, bytes, bytes]
    row: tuple[bytes, int, bytes]


class _Life(Struct):
    begin: datetime
    lines: list[_Line]
    moments: list[Moment]
    rows: dict[int, tuple[list[bytes], dict[str, int]]]
    """Of the report, by moment: the fields as they are in the original, and where those stand that move."""


class Copies:
    """``now``: what is later has not happened."""

    def __init__(self, pasts: Iterable[Past], communes: list[Commune], now: datetime) -> None:
        self._communes = {c.code: c for c in communes}
        self._now = now
        self._numbers: dict[bytes, int] = {}
        self._before: tuple[bytes, bytes] | None = None
        self.lives = [
            _Life(past.moments[0].at, [self._line(event) for event in past.events], past.moments, {}) for past in pasts
        ]

    def words(self, shift: timedelta, moved: Mapping[str, Commune]) -> Words:
        """The words of copies that are sent so much later, in other communes."""
        words = [b"", b"", b""]
        for word in self._numbers:
            if word[4:5] == b"-" and word[:4].isdigit():
                words.append((date.fromisoformat(word.decode()) + shift).isoformat().encode())
            else:
                code = word[-5:].decode()
                words.append(word[:-5] + (moved[code].code if code in moved else code).encode())
        return Words(words, moved, shift)

    def write(self, written: Written, index: int, words: Words, number: int, bits: int) -> None:
        """A copy of a life, as far as it has come; nothing of one that is not sent yet, or cannot be the first."""
        life = self.lives[index]
        last = len(life.moments) - 1
        while last >= 0 and life.moments[last].at + words.shift > self._now:
            last -= 1
        # The first one can be merged into no other.
        if last < 0 or (self._before is None and life.moments[last].report.duplicate_of is not None):
            return
        sent = int((life.begin + words.shift).timestamp() * 1000)
        rid = UUID(int=sent << 80 | 7 << 76 | (bits >> 62) << 64 | 2 << 62 | bits & (1 << 62) - 1)
        code = _code(number)
        into, into_code = self._before or (rid.bytes, code)
        filled = words.list
        filled[_REPORT_ID], filled[_INTO], filled[_INTO_CODE] = (
            str(rid).encode(),
            str(UUID(bytes=into)).encode(),
            into_code,
        )
        digest = self._events(written, life.lines[: life.moments[last].events], filled, rid, words.shift)
        written.reports.append(self._report(life, last, words, (rid.bytes, code, digest, into)))
        self._before = rid.bytes, code

    def _events(self, written: Written, lines: list[_Line], words: list[bytes], rid: UUID, shift: timedelta) -> bytes:
        previous, add = NO_HASH, written.events.append
        micros = shift // timedelta(microseconds=1)
        head = b"\0\x08\0\0\0\x10" + rid.bytes
        named = words[_REPORT_ID]
        for seq, line in enumerate(lines, 1):
            data = line.data % line.words(words) if line.words else line.data
            who, day, time, kind = line.hashed
            previous = hashlib.sha256(b"".join((
                previous, who, words[day], time, data, kind, named, b'","seq":%d}' % seq,
            ))).digest()  # fmt: skip
            before, at, actor = line.row
            add(b"".join((
                head, before, (at + micros).to_bytes(8, "big", signed=True), actor,
                struct.pack(">iB", len(data) + 1, 1), data, b"\0\0\0\x20", previous,
            )))  # fmt: skip
        return previous

    # ------------------------------------------------------------ cutting out

    def _number(self, word: bytes) -> int:
        return self._numbers.setdefault(word, len(self._numbers)) + _FIXED

    def _line(self, event: Event) -> _Line:
        text = msgspec.json.encode(event.data, order="deterministic")
        places: list[int] = []

        def hole(number: int) -> bytes:
            places.append(number)
            return b"\xff"

        def cut(found: re.Match[bytes]) -> bytes:
            return hole(self._number(found[0]))

        text = _DAY.sub(cut, text)
        own = str(event.report_id).encode()
        into = re.search(rb'"into":"([^"]+)"', text)
        assert not (places and (own in text and text.index(own) < text.rindex(b"\xff") and into)), "in order"
        text, places = self._own(text, places, own, into)
        template = text.replace(b"%", b"%%").replace(b"\xff", b"%b")
        getter = itemgetter(*places) if len(places) > 1 else None
        if len(places) == 1:
            only = places[0]
            getter = lambda words: (words[only],)  # type: ignore[assignment]  # noqa: E731  # one word is no tuple
        at = event.at.astimezone(UTC).isoformat(timespec="microseconds").encode()
        actor = str(event.actor_id) if event.actor_id else None
        hashed = (
            b'{"actor_id":%b,"actor_kind":"%b","at":"' % (msgspec.json.encode(actor), event.actor_kind.encode()),
            self._number(at[:10]),
            at[10:] + b'","data":',
            b',"kind":"%b","report_id":"' % event.kind.encode(),
        )
        row = (
            b"\0\0\0\x04" + struct.pack(">i", event.seq) + _field(event.kind) + b"\0\0\0\x08",
            (event.at - _EPOCH) // timedelta(microseconds=1),
            _field(event.actor_kind) + _field(event.actor_id),
        )
        return _Line(template if places else text, getter, hashed, row)

    @staticmethod
    def _own(text: bytes, places: list[int], own: bytes, into: re.Match[bytes] | None) -> tuple[bytes, list[int]]:
        """Holes for the report's own id, and for the report it was merged into, between those there are."""
        wanted = {own: _REPORT_ID}
        if into:
            wanted[into[1]] = _INTO
            code = re.search(rb'"code":"([^"]+)"', text)
            assert code
            wanted[code[1]] = _INTO_CODE
        parts = re.split(b"(\xff|" + b"|".join(re.escape(word) for word in wanted) + b")", text)
        left, numbers = iter(places), []
        for i in range(1, len(parts), 2):
            numbers.append(next(left) if parts[i] == b"\xff" else wanted[parts[i]])
            parts[i] = b"\xff"
        return b"".join(parts), numbers

    # ------------------------------------------------------------ the report's own row

    def _report(self, life: _Life, moment: int, words: Words, own: tuple[bytes, bytes, bytes, bytes]) -> bytes:
        if moment not in life.rows:
            life.rows[moment] = self._fields(life.moments[moment].report)
        fields, places = life.rows[moment]
        row = fields[:]
        report = life.moments[moment].report
        rid, code, digest, into = own
        for name, value in (("report_id", rid), ("code", code), ("last_hash", digest)):
            row[places[name]] = struct.pack(">i", len(value)) + value
        if report.duplicate_of is not None:
            row[places["duplicate_of"]] = b"\0\0\0\x10" + into
        micros = words.shift // timedelta(microseconds=1)
        for name, place in places.items():
            if name not in _MOVING:
                was = int.from_bytes(fields[place][4:], "big", signed=True)
                row[place] = b"\0\0\0\x08" + (was + micros).to_bytes(8, "big", signed=True)
        if report.commune_code in words.moved:
            self._move(row, places, report, words.moved)
        return struct.pack(">h", len(row)) + b"".join(row)

    def _move(self, row: list[bytes], places: dict[str, int], report: Report, moved: Mapping[str, Commune]) -> None:
        assert report.commune_code
        was, now = self._communes[report.commune_code], moved[report.commune_code]
        row[places["commune_code"]], row[places["commune_name"]] = _field(now.code), _field(now.full_name)
        office = report.agency_id.removeprefix("ubnd-")
        if office in moved:
            row[places["agency_id"]] = _field(commune_office_id(moved[office].code))
        if report.lat is not None and report.lon is not None:
            row[places["lat"]] = _field(report.lat - was.lat + now.lat)
            row[places["lon"]] = _field(report.lon - was.lon + now.lon)

    @staticmethod
    def _fields(report: Report) -> tuple[list[bytes], dict[str, int]]:
        values = [getattr(report, name, None) for name in REPORT]
        values[-2:] = [bytes(32), ""]
        dates = {name for name, value in zip(REPORT, values, strict=True) if isinstance(value, datetime)}
        places = {name: REPORT.index(name) for name in (*_MOVING, *sorted(dates))}
        return [_field(value) for value in values], places


def _code(number: int) -> bytes:
    """Another code for each number below 2^35, in no order that anybody sees."""
    bits = number * _SPREAD % (1 << 35)
    values = [bits >> shift & 31 for shift in range(0, 35, 5)]
    text = "".join(codes._ALPHABET[v] for v in [*values, codes._check(values)])
    return f"PA-{text[:4]}-{text[4:]}".encode()


def _field(value: object) -> bytes:
    """A value as binary COPY has it."""
    match value:
        case None:
            return _NULL
        case bool():
            body = bytes([value])
        case int():
            body = struct.pack(">i", value)
        case float():
            body = struct.pack(">d", value)
        case str():
            body = value.encode()
        case UUID():
            body = value.bytes
        case bytes():
            body = value
        case datetime():
            body = struct.pack(">q", (value - _EPOCH) // timedelta(microseconds=1))
        case Mapping():
            body = b"\x01" + msgspec.json.encode(value)
        case tuple():
            body = struct.pack(">iii", bool(value), 0, 25)
            body += struct.pack(">ii", len(value), 1) + b"".join(_field(one) for one in value) if value else b""
        case _:
            raise TypeError(value)
    return struct.pack(">i", len(body)) + body
