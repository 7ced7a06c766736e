"""Fetching all requests of a GeoReport v2 server, time by time, one question after the other.

A server gives at most ninety days and a thousand requests at once, and many give less and do not say so. So a time is
asked for page by page where the server knows pages, and by halves where it does not, until no answer looks as if it had
been cut. Answers are waited for patiently; whoever asks us to wait is waited for.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from msgspec import Struct

from app.errors import Invalid, Unavailable
from app.importing import georeport
from app.importing.spool import Spool
from app.partners.answers import Garbled
from app.partners.client import Client, Failed, TooLong

_T = TypeVar("_T")
Say = Callable[[float, float, int], None]
"""Seconds of time asked for so far and in all, and how many requests there are."""
ANSWER_MOST = 16 << 20
PAUSES = (1.0, 2.0, 5.0, 15.0, 30.0, 60.0, 60.0)
"""Seconds before each further try."""
WAIT_MOST = timedelta(minutes=10)
_SPAN = timedelta(days=89)
_DAY, _SECOND = timedelta(days=1), timedelta(seconds=1)
_ASTRAY = timedelta(days=2)
"""How far from what was asked for a date may lie, for the sake of clocks and zones."""
_SIZE, _SMALL, _ROUND = 1000, 10, 5
_PAGES_MOST, _PAGES_MANY = 200, 10
_NOT_FOUND = "HTTP 404"
_AGAIN = frozenset({"busy", "broken", "silent", "garbled"})
_SENT = ("start_date", "end_date", "requested_datetime")
_CHANGED = ("updated_after", "updated_before", "updated_datetime")
"""What bounds a time, and what of a request lies in it."""
_LONG_AGO, _SOME_DAY = datetime(1990, 1, 1, tzinfo=UTC), datetime(2199, 1, 1, tzinfo=UTC)


class Way(Struct, frozen=True, kw_only=True):
    """How to ask. ``key`` goes with each question and into no message; ``zone``: whose clocks the dates are by, where
    they do not say."""

    client: Client
    key: str
    zone: ZoneInfo
    pauses: tuple[float, ...] = PAUSES


class Refused(Exception):
    """The server says no and means it."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said


class _Time(Struct, frozen=True):
    """``full``: more may be there than came. ``pages``: how many it took."""

    rows: dict[str, dict[str, str]]
    full: bool = False
    pages: int = 1


async def knows_changes(way: Way) -> bool:
    """Whether the server can be asked for what has changed since a moment: of the far future that is nothing, of long
    ago it is something. Who does not know the question answers both alike."""
    later, ever = [{"updated_after": _stamp(at), "page_size": "1"} for at in (_SOME_DAY, _LONG_AGO)]
    try:
        return not await _asked(way, later) and bool(await _asked(way, ever))
    except (Refused, TooLong, Invalid, Unavailable):
        return False


async def newest(way: Way) -> list[dict[str, Any]]:
    """What comes without a question; nothing where the server does not give it."""
    try:
        return await _asked(way, {})
    except (Refused, TooLong, Invalid, Unavailable):
        return []


async def pull(way: Way, spool: Spool, say: Say) -> None:
    """All that is still missing in ``spool``. Raises Invalid where the server does not give it to us, Unavailable where
    it does not answer; what has come is kept."""
    await _Pull(way, spool, say).run()


class _Pull:
    def __init__(self, way: Way, spool: Spool, say: Say) -> None:
        self._way, self._spool, self._say, self._header = way, spool, say, spool.asked
        self._names = _SENT if self._header.asked.since is None else _CHANGED
        self._width = _SPAN
        self._largest = 0
        self._has_pages: bool | None = None
        self._extras: dict[str, str] = {"extensions": "true", "page_size": str(_SIZE)}
        self._answered = False
        self._before: set[str] = set()

    async def run(self) -> None:
        begin, end = self._span()
        at = self._spool.until or begin
        while at < end:
            self._say((at - begin).total_seconds(), (end - begin).total_seconds(), self._spool.count())
            until = min(at + self._width, end)
            time = await self._time(self._bounds(at, until))
            if self._is_astray(time, at, until):
                # It does not look at dates at all.
                self._spool.begin(self._header)
                self._before = set()
                time, at, until = await self._time({}), begin, end
            elif time.full and not self._is_finest(time, at, until):
                self._width = max(_SECOND, timedelta(seconds=(until - at).total_seconds() // 2))
                continue
            if time.full and not time.rows:
                raise Invalid("importing.pull_long", day=f"{at:%Y-%m-%d}", most=ANSWER_MOST >> 20)
            self._widen(time, self._keep(time, at, until))
            at = until
        if not self._answered and not self._spool.count() and self._names is _SENT:
            raise Invalid("importing.pull_refused", said=_NOT_FOUND)
        self._spool.finish()

    def _span(self) -> tuple[datetime, datetime]:
        since = self._header.asked.since
        return (since, self._header.begun + _SECOND) if since else (self._header.begin, self._header.end)

    def _bounds(self, at: datetime, until: datetime) -> dict[str, str]:
        # Who does not count the first second among what is asked for loses none by it.
        return {self._names[0]: _stamp(at - _SECOND), self._names[1]: _stamp(until)}

    def _keep(self, time: _Time, at: datetime, until: datetime) -> int:
        """Gives how many are new."""
        new = [row for ident, row in time.rows.items() if ident not in self._before and self._is_wanted(row)]
        cut = time.full and len(time.rows) >= self._largest
        self._spool.add(new, at, until, cut=cut)
        self._before = set(time.rows)
        return len(new)

    def _is_wanted(self, row: Mapping[str, str]) -> bool:
        sent, header = georeport.moment(row.get("requested_datetime", ""), self._way.zone), self._header
        if sent is None:
            return True
        return not (header.asked.first and sent < header.begin) and not (header.asked.last and sent > header.end)

    def _widen(self, time: _Time, new: int) -> None:
        if time.pages > _PAGES_MANY:
            self._width = max(self._width / 2, _DAY)
        elif not new or len(time.rows) < _SMALL or 3 * len(time.rows) < self._largest:
            self._width = min(self._width * 2, _SPAN)

    # ------------------------------------------------------------ answers that may have been cut

    async def _time(self, bounds: Mapping[str, str]) -> _Time:
        found: dict[str, dict[str, str]] = {}
        for page in range(1, _PAGES_MOST + 1):
            try:
                came = await self._rows(bounds, page)
            except TooLong:
                return _Time({}, full=True)
            if came is None:
                self._has_pages = False
                return _Time(found, full=True)
            new = {ident: row for ident, row in came.items() if ident not in found}
            if page > 1 and self._has_pages is None:
                self._has_pages = bool(new) or not came
                if not self._has_pages:
                    return _Time(found, full=True)
            found |= new
            looks_cut = self._looks_cut(len(came))
            self._largest = max(self._largest, len(came))
            if not looks_cut or not new:
                return _Time(found, pages=page)
            if self._has_pages is False:
                return _Time(found, full=True)
        return _Time(found, full=True, pages=_PAGES_MOST)

    def _looks_cut(self, count: int) -> bool:
        """Whoever cuts does it at a round number, or always at the same."""
        return count >= _SMALL and (count >= self._largest or count % _ROUND == 0)

    def _is_astray(self, time: _Time, at: datetime, until: datetime) -> bool:
        dates = self._dates(time)
        return sum(not at - _ASTRAY <= each <= until + _ASTRAY for each in dates) > len(dates) / 2

    def _is_finest(self, time: _Time, at: datetime, until: datetime) -> bool:
        """Whether halving leads no further: a second, or less than a server tells apart that looks at days alone."""
        if until - at <= _SECOND:
            return True
        outside = any(not at - 2 * _SECOND <= each <= until + _SECOND for each in self._dates(time))
        return until - at <= _DAY and outside

    def _dates(self, time: _Time) -> list[datetime]:
        said = (georeport.moment(row.get(self._names[2], ""), self._way.zone) for row in time.rows.values())
        return [each for each in said if each is not None]

    # ------------------------------------------------------------ one question

    async def _rows(self, bounds: Mapping[str, str], page: int) -> dict[str, dict[str, str]] | None:
        """By number; None: a further page is refused. Raises TooLong."""
        while True:
            query = dict(bounds) | self._extras | ({"page": str(page)} if page > 1 else {})
            try:
                said = await _asked(self._way, query)
            except Refused as refused:
                if page > 1:
                    return None
                if refused.said.startswith(_NOT_FOUND):
                    return {}  # what some say for nothing
                if not self._answered and self._extras:
                    self._extras.popitem()  # the strict take offence at what they do not know
                    continue
                raise Invalid("importing.pull_refused", said=refused.said) from None
            self._answered = True
            rows = [georeport.cells(each, self._header.asked.fields) for each in said]
            return {_ident(row, n): row for n, row in enumerate(await self._numbered(rows))}

    async def _numbered(self, rows: Iterable[dict[str, str]]) -> list[dict[str, str]]:
        """A request that had only a token may have a number by now."""
        found = []
        for row in rows:
            token = row.get("token")
            if token and "service_request_id" not in row:
                with suppress(Refused):
                    if number := await patiently(self._way, partial(self._way.client.number_of, token)):
                        row = row | {"service_request_id": number}
            found.append(row)
        return found


def _ident(row: Mapping[str, str], n: int) -> str:
    return row.get("service_request_id") or row.get("token") or f"{n} {row}"


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def _asked(way: Way, query: Mapping[str, str]) -> list[dict[str, Any]]:
    """Raises Refused, TooLong, Invalid, Unavailable."""
    whole = dict(query) | ({"api_key": way.key} if way.key else {})

    async def once() -> list[dict[str, Any]]:
        body = await way.client.listed(whole, ANSWER_MOST)
        try:
            return georeport.entries(body)
        except Garbled as garbled:
            raise Failed("garbled", str(garbled), arrived=True) from None

    return await patiently(way, once)


async def patiently(way: Way, ask: Callable[[], Awaitable[_T]], again: Collection[str] = _AGAIN) -> _T:
    """``again``: after which failures the same is asked again. Raises Refused, TooLong, Invalid, Unavailable."""
    for pause in (*way.pauses, None):
        try:
            return await ask()
        except TooLong:
            raise
        except Failed as failed:
            said = failed.said.replace(way.key, "***") if way.key else failed.said
            if failed.came == "barred":
                raise Invalid("importing.pull_barred", said=said) from None
            if failed.came not in again:
                raise Refused(said) from None
            wait = failed.after or timedelta()
            if pause is None or wait > WAIT_MOST:
                raise Unavailable("importing.pull_stopped", said=said) from None
            await asyncio.sleep(max(pause, wait.total_seconds()))
    raise AssertionError("the last try ends it")
