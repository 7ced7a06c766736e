"""Another Open311 server as a source: pulled into a file, read by a mapping that need not say much."""

import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from app import outward
from app.db import Pool
from app.errors import Invalid, Problem, Unavailable
from app.i18n import Lang
from app.importing import georeport, mapping, proposing, pulling, service, spool
from app.importing.georeport import DETAILED, FIELDS
from app.importing.mapping import Columns, Known
from app.importing.model import Row
from app.importing.pulling import Say, Way
from app.importing.reading import Lines, Listed
from app.importing.spool import Asked, Header, Spool
from app.importing.table import Table
from app.partners.client import Client, Server
from app.reports.past import ENDED, Past

_BEGIN = "2008-01-01"
"""No server of this kind is older."""
_BACK = timedelta(hours=1)
"""How far before the end of the last pull changes are asked for again: some become known late."""
_ACCESS = ("jurisdiction_id", "api_key", "api_key_file")
_DAYS = ("%Y-%m-%d", "%d/%m/%Y")
_PATIENCE = 60.0


class Wanted(Struct, frozen=True, kw_only=True):
    """What is to be pulled, as it was typed. ``said``: the mapping file; ``beside``: its folder; ``folder``: where what
    was pulled lies; ``again``: everything anew. ``pauses``: as ``pulling.PAUSES``."""

    address: str
    said: Mapping[str, Any]
    beside: Path
    folder: Path
    first: str = ""
    last: str = ""
    again: bool = False
    with_contacts: bool = False
    pauses: tuple[float, ...] = pulling.PAUSES

    def __repr__(self) -> str:
        return f"Wanted({self.address!r})"  # the mapping may hold a key


class Requests(Listed):
    """Requests of another server, or those of its rows that were refused and mended in a table."""

    def __init__(
        self,
        lines: Lines,
        columns: Columns,
        known: Known,
        agency_names: Mapping[str, str],
        *,
        with_contacts: bool = False,
    ) -> None:
        super().__init__(lines, columns, known, agency_names, "open311", with_contacts=with_contacts)
        self._spool = lines if isinstance(lines, Spool) else None

    def past(self, row: Row) -> Past:
        """When an open request was changed last, and what was said of it then, is no end of it."""
        past = super().past(row)
        if past.stage not in ENDED:
            past = msgspec.structs.replace(past, finished_at=None, answer="")
        return past

    @property
    def seen_until(self) -> datetime | None:
        return self._spool.asked.begun if self._spool else None

    @property
    def refused_to(self) -> Path:
        return self._spool.path.with_suffix(".refused.csv") if self._spool else super().refused_to

    def notes(self, *, taken: bool) -> list[Problem]:
        if self._spool is None:
            return []
        asked, zone = self._spool.asked, self._columns.zone
        said = [Problem("importing.pulled", {"at": _said(asked.begun, zone), "address": asked.endpoint})]
        if not taken:
            said.append(Problem("importing.pulled_kept", {"file": str(self._spool.path)}))
        if asked.asked.since:
            said.append(Problem("importing.pulled_since", {"at": _said(asked.asked.since, zone)}))
        if self._spool.media:
            said.append(Problem("importing.pulled_media", {"count": self._spool.media}))
        spans = [{"since": _said(since, zone), "until": _said(until, zone)} for since, until in self._spool.cut]
        return said + [Problem("importing.pulled_cut", each) for each in spans]

    def forget(self) -> None:
        if self._spool is not None:
            self._spool.forget()

    def close(self) -> None:
        """What was pulled stays."""
        if self._spool is not None:
            self._spool.close()


def _said(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%d/%m/%Y %H:%M}"


# ---------------------------------------------------------------- the mapping


class Access(Struct, frozen=True):
    """``key`` is sent to the server and told to nobody else."""

    jurisdiction: str
    key: str

    def __repr__(self) -> str:
        return f"Access({self.jurisdiction!r})"


def access(said: Mapping[str, Any], beside: Path) -> tuple[dict[str, Any], Access]:
    """What is left of a mapping, and how its server is asked. Raises Invalid."""
    given = {name: said.get(name, "") for name in _ACCESS}
    if strange := [name for name, value in given.items() if not isinstance(value, str)]:
        raise Invalid.many([Problem("importing.map_words", {"key": name}, name) for name in strange])
    key = given["api_key"]
    if given["api_key_file"]:
        path = beside / given["api_key_file"]
        try:
            key = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Invalid("importing.file_missing", file=str(path), said=type(error).__name__) from None
    return {name: value for name, value in said.items() if name not in _ACCESS}, Access(given["jurisdiction_id"], key)


def columns_of(said: Mapping[str, Any], heading: Sequence[str], known: Known, *, with_contacts: bool) -> Columns:
    """Who reported is not even asked for, unless that is wanted. Raises Invalid with everything that is wrong."""
    columns = mapping.understood(mapping.joined(georeport.base(heading), said), known)
    if with_contacts:
        return columns
    nobody = {field: names for field, names in columns.columns.items() if not field.startswith("contact_")}
    return msgspec.structs.replace(columns, columns=nobody)


# ---------------------------------------------------------------- the pull


async def pulled(
    pool: Pool, networks: outward.Networks, wanted: Wanted, known: Known, names: Mapping[str, str], say: Say
) -> Requests:
    """All that is asked for, pulled now or earlier. Raises Invalid, Conflict, Unavailable."""
    said, how = access(wanted.said, wanted.beside)
    columns = columns_of(said, (*FIELDS, DETAILED), known, with_contacts=wanted.with_contacts)
    asked = _asked(wanted, how, columns)
    spool.tidy(wanted.folder)
    there = Spool(wanted.folder / _name(asked), asked.source)
    try:
        if _is_anew(there, wanted, asked):
            there.begin(await _begun(pool, networks, wanted, asked, how, columns.zone))
        if not there.whole:
            async with _way(networks, _server(there.asked, how), wanted, how, columns.zone) as way:
                await pulling.pull(way, there, say)
        # What the server says nothing of need not be in the mapping, and what it says more may be.
        columns = columns_of(said, there.heading, known, with_contacts=wanted.with_contacts)
        return Requests(there, columns, known, names, with_contacts=wanted.with_contacts)
    except BaseException:
        if there.header is None:
            there.forget()
        there.close()
        raise


def _is_anew(there: Spool, wanted: Wanted, asked: Asked) -> bool:
    header = there.header
    if header is None or not header.asked.is_like(asked):
        return True
    return wanted.again and (there.whole or not header.again)


def _asked(wanted: Wanted, how: Access, columns: Columns) -> Asked:
    named = [name for names in columns.columns.values() for name in names]
    first, last = (_day(each) for each in (wanted.first, wanted.last))
    if first and last and last < first:
        raise Invalid("importing.days_wrong", first=wanted.first, last=wanted.last)
    return Asked(
        source=columns.source,
        address=wanted.address.split("?")[0].rstrip("/"),
        jurisdiction=how.jurisdiction,
        first=first,
        last=last,
        fields=tuple(dict.fromkeys((*FIELDS, DETAILED, *named))),
    )


def _day(said: str) -> str:
    for form in _DAYS:
        with suppress(ValueError):
            return f"{datetime.strptime(said, form):%Y-%m-%d}"  # noqa: DTZ007  # a day of no zone yet
    if said:
        raise Invalid("importing.day_wrong", value=said[:40])
    return ""


def _name(asked: Asked) -> str:
    """Of the file: the host for people, the rest to tell one pull from another."""
    whole = "\0".join((asked.source, asked.address, asked.jurisdiction))
    return f"{urlsplit(asked.address).hostname or 'open311'}-{hashlib.sha256(whole.encode()).hexdigest()[:8]}.jsonl"


async def _begun(
    pool: Pool, networks: outward.Networks, wanted: Wanted, asked: Asked, how: Access, zone: ZoneInfo
) -> Header:
    """What a pull that begins now asks for."""
    now = datetime.now(UTC).replace(microsecond=0)
    begin = datetime.combine(date.fromisoformat(asked.first or _BEGIN), time(), zone)
    end = now + timedelta(seconds=1)
    if asked.last:
        end = min(end, datetime.combine(date.fromisoformat(asked.last), time(), zone) + timedelta(days=1))
    server = await found(networks, wanted, how, zone)
    header = Header(
        asked=asked, endpoint=server.endpoint, form=server.form, begin=begin, end=end, begun=now, again=wanted.again
    )
    since = None if wanted.again else await service.seen_until(pool, asked.source, asked.called)
    if since is not None:
        async with _way(networks, server, wanted, how, zone) as way:
            if await pulling.knows_changes(way):
                changes = msgspec.structs.replace(asked, since=since - _BACK)
                return msgspec.structs.replace(header, asked=changes)
    return header


async def found(networks: outward.Networks, wanted: Wanted, how: Access, zone: ZoneInfo) -> Server:
    """The server behind the address. Raises Invalid, Unavailable."""
    await outward.check(wanted.address, networks)
    async with _way(networks, Server("", "json", how.jurisdiction), wanted, how, zone) as way:
        try:
            server = await pulling.patiently(way, lambda: way.client.find(wanted.address), again=("busy",))
        except (pulling.Refused, Unavailable) as failed:
            said = failed.said if isinstance(failed, pulling.Refused) else failed.problems[0].params["said"]
            raise Invalid("importing.no_server", address=wanted.address, said=said) from None
    await outward.check(server.endpoint, networks)
    return server


def _server(header: Header, how: Access) -> Server:
    return Server(header.endpoint, "json" if header.form == "json" else "xml", how.jurisdiction)


@asynccontextmanager
async def _way(
    networks: outward.Networks, server: Server, wanted: Wanted, how: Access, zone: ZoneInfo
) -> AsyncIterator[Way]:
    http = outward.Client(networks)
    try:
        yield Way(client=Client(http, server, _PATIENCE), key=how.key, zone=zone, pauses=wanted.pauses)
    finally:
        await http.close()


def mended(table: Table, wanted: Wanted, known: Known, names: Mapping[str, str]) -> Requests:
    """Rows that were refused, in the file that they were written to. Raises Invalid."""
    said, _ = access(wanted.said, wanted.beside)
    columns = columns_of(said, table.heading, known, with_contacts=wanted.with_contacts)
    return Requests(table, columns, known, names, with_contacts=wanted.with_contacts)


# ---------------------------------------------------------------- a mapping to begin with


async def proposed(
    networks: outward.Networks, wanted: Wanted, known: Known, names: Mapping[str, str], lang: Lang
) -> str:
    """A mapping file (TOML), made from the server's services and its newest requests; ``wanted.said`` needs to hold no
    more than what opens the server. Raises Invalid, Unavailable."""
    _, how = access(wanted.said, wanted.beside)
    zone = ZoneInfo("Asia/Ho_Chi_Minh")
    server = await found(networks, wanted, how, zone)
    async with _way(networks, server, wanted, how, zone) as way:
        services = await way.client.services()
        newest = await pulling.newest(way)
    values = {
        field: Counter(said for each in newest if (said := georeport.cells(each, [column]).get(column, "")))
        for field, column in (("agency", "agency_responsible"), ("status", "status"))
    }
    host = urlsplit(wanted.address).hostname or ""
    return proposing.for_server(host, how.jurisdiction, services, values, known, names, lang)
