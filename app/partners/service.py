"""Keeping partners, and following the history for them.

A report that an agency is given becomes one row for each partner of that agency that takes its category, in the
transaction that moves the cursor behind the fact: none is lost, and a report is a request at a partner once
(``sending``). What partners say comes back as acts of ours (``pulling``), which never makes anything to be sent.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from msgspec import Struct, structs
from uuid_utils.compat import uuid7

from app import cursors, outward
from app.accounts import service as accounts
from app.accounts import store as account_store
from app.accounts.model import Actor, Entry, EventKind
from app.accounts.permissions import Permission, require
from app.db import Conn, Pool, transaction
from app.errors import Conflict, Invalid, NotFound, Problem
from app.history import service as history
from app.history.model import Event, Kind
from app.i18n.text import nfc
from app.partners import ledger, store
from app.partners.answers import Attribute
from app.partners.client import PATIENCE, Client, Failed, Server
from app.partners.model import (
    REPEATS,
    TEXT_MOST,
    Fill,
    Mapped,
    Partner,
    Push,
    Repeat,
    State,
    unfilled,
    wrongly,
)
from app.photos.lab import PhotoLab
from app.reports import service as reports
from app.routing.ruleset import RuleSet
from app.webhooks import secrets
from storage.objects import ObjectStore

_NAME_MOST, _KEY_MOST = 80, 500
_PARTNERS_MOST = 50
_BATCH = 1000
LISTED = 50
"""Rows of a page of the ledger."""
_KEPT = timedelta(days=90)
_SWEPT = 5000
_GIVEN = (Kind.ASSIGNED, Kind.TRANSFERRED, Kind.RECLASSIFIED)
_AGAIN = (Kind.REOPENED, Kind.DISPUTED)
_PURPOSE = "partners"


class Means(Struct, frozen=True):
    """What asking another server takes, and taking its news in. ``key`` locks the partners' keys and signs links to
    photos; ``networks``: where their servers may stand besides the internet."""

    pool: Pool
    http: outward.Client
    key: bytes
    public_url: str
    rules: RuleSet
    objects: ObjectStore
    lab: PhotoLab
    networks: outward.Networks = ()
    patience: float = PATIENCE

    @property
    def host(self) -> str:
        """How we are called in our marks."""
        return urlsplit(self.public_url).netloc


class Wanted(Struct, frozen=True, kw_only=True):
    """``key`` "": as it was."""

    name: str
    url: str
    agency_id: str
    jurisdiction: str = ""
    key: str = ""
    originals: bool = False
    repeat: Repeat = "ask"


async def _checked(conn: Conn, wanted: Wanted, networks: outward.Networks) -> Wanted:
    """Tidy. Raises Invalid with everything that is wrong."""
    name, problems = nfc(wanted.name), []
    if not 1 <= len(name) <= _NAME_MOST:
        problems.append(Problem("partners.name_wrong", {"most": _NAME_MOST}, "name"))
    agency = await accounts.agency(conn, wanted.agency_id) if wanted.agency_id else None
    if agency is None or not agency.active:
        problems.append(Problem("partners.agency_wrong", {}, "agency"))
    key = wanted.key.strip()
    if len(key) > _KEY_MOST or not key.isprintable():
        problems.append(Problem("partners.key_wrong", {"most": _KEY_MOST}, "key"))
    if wanted.repeat not in REPEATS or len(wanted.jurisdiction) > TEXT_MOST:
        problems.append(Problem("partners.jurisdiction_wrong", {"most": TEXT_MOST}, "jurisdiction"))
    try:
        await outward.check(wanted.url, networks)
    except Invalid as error:
        problems += error.problems
    if problems:
        raise Invalid.many(problems)
    return structs.replace(wanted, name=name, key=key, jurisdiction=wanted.jurisdiction.strip())


async def add(means: Means, actor: Actor, wanted: Wanted, by: str) -> UUID:
    """A new partner, off: nothing goes there before somebody has said what. Raises Forbidden, Invalid, Conflict."""
    require(actor, Permission.MANAGE_SYSTEM)
    async with transaction(means.pool) as conn:
        wanted = await _checked(conn, wanted, means.networks)
        others = await store.every(conn)
        if len(others) >= _PARTNERS_MOST:
            raise Conflict("partners.many", most=_PARTNERS_MOST)
        made = Partner(
            partner_id=uuid7(), name=wanted.name, url=wanted.url, endpoint=wanted.url.rstrip("/"), form="json",
            jurisdiction=wanted.jurisdiction, has_key=bool(wanted.key), agency_id=wanted.agency_id,
            originals=wanted.originals, repeat=wanted.repeat, active=False, services=(), services_at=None,
            has_updates=False, updates_since=None, pulled_at=None, failing_since=None, failure="",
            created_at=datetime.now(UTC), created_by=by,
        )  # fmt: skip
        if not any(each.active for each in others):
            await _begin_here(conn)
        await store.insert(conn, made, _sealed(means, wanted.key))
        await record(conn, actor, EventKind.PARTNER_ADDED, made)
    return made.partner_id


async def change(means: Means, actor: Actor, partner_id: UUID, wanted: Wanted) -> None:
    """A key goes to no other place than the one it was typed for: with another address it is typed anew. Raises
    Forbidden, NotFound, Invalid."""
    require(actor, Permission.MANAGE_SYSTEM)
    async with transaction(means.pool) as conn:
        seen = await locked(conn, partner_id)
        wanted = await _checked(conn, wanted, means.networks)
        moved = wanted.url != seen.url
        if moved and seen.has_key and not wanted.key:
            raise Invalid("partners.key_again", field="key")
        made = structs.replace(
            seen, name=wanted.name, url=wanted.url, jurisdiction=wanted.jurisdiction, agency_id=wanted.agency_id,
            originals=wanted.originals, repeat=wanted.repeat,
            endpoint=wanted.url.rstrip("/") if moved else seen.endpoint,
        )  # fmt: skip
        await store.update(conn, made, _sealed(means, wanted.key))
        await record(conn, actor, EventKind.PARTNER_CHANGED, made, key="new" if wanted.key else "")


async def switch(pool: Pool, actor: Actor, partner_id: UUID, *, on: bool) -> None:
    """While it is off nothing is sent or fetched, and what its agency is given meanwhile is not sent later. Raises
    Forbidden, NotFound, Conflict."""
    require(actor, Permission.MANAGE_SYSTEM)
    async with transaction(pool) as conn:
        seen = await locked(conn, partner_id)
        if on and not (await store.mapped(conn, [partner_id])).get(partner_id):
            raise Conflict("partners.nothing_mapped")
        if on and not any(each.active for each in await store.every(conn)):
            await _begin_here(conn)
        await store.set_active(conn, partner_id, active=on)
        await record(conn, actor, EventKind.PARTNER_CHANGED, seen, state="on" if on else "off")


async def fetch_soon(pool: Pool, actor: Actor, partner_id: UUID) -> None:
    """Its news within seconds instead of minutes. Raises Forbidden, NotFound."""
    require(actor, Permission.MANAGE_SYSTEM)
    async with transaction(pool) as conn:
        await locked(conn, partner_id)
        await store.pull_now(conn, partner_id)


async def remove(pool: Pool, actor: Actor, partner_id: UUID) -> None:
    """With its ledger; what it told stays in the reports' histories. Raises Forbidden, NotFound."""
    require(actor, Permission.MANAGE_SYSTEM)
    async with transaction(pool) as conn:
        seen = await locked(conn, partner_id)
        await store.delete(conn, partner_id)
        await record(conn, actor, EventKind.PARTNER_REMOVED, seen)


def _sealed(means: Means, key: str) -> bytes | None:
    return secrets.seal(means.key, key, _PURPOSE) if key else None


async def _begin_here(conn: Conn) -> None:
    """While no partner was on nothing was read: whoever is the first begins with what happens now."""
    await store.move_on(conn, max(await store.cursor(conn), await history.newest(conn)))


async def locked(conn: Conn, partner_id: UUID) -> Partner:
    found = await store.one(conn, partner_id, lock=True)
    if found is None:
        raise NotFound("partners.gone")
    return found


async def record(conn: Conn, actor: Actor, kind: EventKind, partner: Partner, **more: str) -> None:
    said = {"partner": str(partner.partner_id), "name": partner.name, "url": partner.url}
    said |= {name: value for name, value in more.items() if value}
    await account_store.record(conn, Entry(kind, actor, None, said))


# ---------------------------------------------------------------- its server


async def client_of(means: Means, partner: Partner) -> Client:
    """Raises Failed where its key cannot be read any more."""
    async with means.pool.acquire() as conn:
        sealed = await store.key_of(conn, partner.partner_id)
    key = secrets.unseal(means.key, sealed, _PURPOSE) if sealed else ""
    if key is None:
        raise Failed("refused", "the key of this partner cannot be read with our present secret key", arrived=False)
    return Client(means.http, Server(partner.endpoint, partner.form, partner.jurisdiction, key), means.patience)


async def connect(means: Means, actor: Actor, partner_id: UUID) -> Partner:
    """Ask its server what it is and what it offers, and keep that. Raises Forbidden, NotFound, Failed."""
    async with means.pool.acquire() as conn:
        seen = await get(conn, actor, partner_id)
    try:
        server = await (await client_of(means, seen)).find(seen.url)
        if server.endpoint != seen.url:
            await _check_named(means, server.endpoint)
        there = Client(means.http, server, means.patience)
        services, updates = await there.services(), await there.has_updates()
    except Failed as failed:
        async with means.pool.acquire() as conn:
            await store.fails(conn, partner_id, str(failed), None, sends=False)
        raise
    async with transaction(means.pool) as conn:
        await store.set_server(conn, partner_id, server.endpoint, server.form, services, has_updates=updates)
        await store.answers(conn, partner_id, sends=True)
        return await locked(conn, partner_id)


async def _check_named(means: Means, endpoint: str) -> None:
    """An address that discovery names has to be as good as one that was typed: the key goes there. Raises Failed."""
    try:
        await outward.check(endpoint, means.networks)
    except Invalid as error:
        raise Failed("refused", f"{endpoint}: {error.key}", arrived=False) from None


async def asked(means: Means, actor: Actor, partner_id: UUID, service_code: str) -> list[Attribute]:
    """The attributes of one of its services, as they are now. Raises Forbidden, NotFound, Invalid, Failed."""
    async with means.pool.acquire() as conn:
        seen = await get(conn, actor, partner_id)
    service = next((one for one in seen.services if one.code == service_code), None)
    if service is None:
        raise Invalid("partners.service_unknown", field="service")
    return await (await client_of(means, seen)).attributes(service_code) if service.asks else []


async def map_category(
    means: Means, actor: Actor, partner_id: UUID, category: str, service_code: str, fills: Mapping[str, Fill]
) -> None:
    """Send reports of this category there from now on, as this service; "" ends it. Raises Forbidden, NotFound,
    Invalid, Failed."""
    require(actor, Permission.MANAGE_SYSTEM)
    if category not in means.rules.categories:
        raise Invalid("partners.category_unknown", field="category")
    wanted: Mapped | None = None
    if service_code:
        attributes = await asked(means, actor, partner_id, service_code)
        usable = {one.code: fills[one.code] for one in attributes if one.code in fills}
        if missing := unfilled(attributes, usable):
            raise Invalid.many(
                [Problem("partners.needs_fill", {"name": one.description}, f"fill.{one.code}") for one in missing]
            )
        if wrong := wrongly(attributes, usable):
            raise Invalid.many([Problem("partners.fill_wrong", {}, f"fill.{one.code}") for one in wrong])
        wanted = Mapped(category, service_code, "", tuple(attributes), usable)
    async with transaction(means.pool) as conn:
        seen = await locked(conn, partner_id)
        if wanted is None:
            await store.unmap(conn, partner_id, category)
        else:
            name = next((one.name for one in seen.services if one.code == service_code), service_code)
            await store.set_mapped(conn, partner_id, structs.replace(wanted, service_name=name))
            await ledger.mapped(conn, partner_id, category)
        await record(conn, actor, EventKind.PARTNER_CHANGED, seen, category=category, service=service_code or "-")


# ---------------------------------------------------------------- looking


async def get(conn: Conn, actor: Actor, partner_id: UUID) -> Partner:
    """Raises Forbidden, NotFound."""
    require(actor, Permission.MANAGE_SYSTEM)
    found = await store.one(conn, partner_id)
    if found is None:
        raise NotFound("partners.gone")
    return found


async def every(conn: Conn, actor: Actor) -> list[tuple[Partner, dict[str, int]]]:
    """Each with how many reports are in which state. Raises Forbidden."""
    require(actor, Permission.MANAGE_SYSTEM)
    counts = await store.counts(conn)
    return [(each, counts.get(each.partner_id, {})) for each in await store.every(conn)]


async def page(
    conn: Conn, partner_id: UUID, states: Sequence[State], before: str = ""
) -> tuple[list[Push], str | None]:
    """A page of the ledger, the latest first, and where it ends when there are more. ``before``: such an end; one that
    is none is passed over."""
    try:
        place = cursors.read(before, tuple[cursors.Moment, UUID]) if before else None
    except ValueError:
        place = None
    found = await ledger.pushes(conn, partner_id, states, place, LISTED + 1)
    shown, more = found[:LISTED], len(found) > LISTED
    return shown, cursors.written((shown[-1].updated_at, shown[-1].report_id)) if more else None


# ---------------------------------------------------------------- following the history


async def follow(pool: Pool) -> int:
    """Read the history to its end and queue what is to be sent; gives the number of events read. Returns at once when
    somebody else is at it, or no partner is on."""
    total = 0
    while True:
        async with transaction(pool) as conn:
            if not await store.claim(conn):
                return total
            listening = [each for each in await store.every(conn) if each.active]
            if not listening:
                return total
            before = await store.cursor(conn)
            events, cursor = await history.read_since(conn, before, _BATCH)
            await ledger.queue(conn, await _wanted(conn, listening, events))
            await ledger.reopened(conn, {event.report_id for event in events if event.kind in _AGAIN})
            if cursor != before:
                await store.move_on(conn, cursor)
        total += len(events)
        if len(events) < _BATCH:
            return total


async def _wanted(conn: Conn, listening: Sequence[Partner], events: Sequence[Event]) -> list[tuple[UUID, UUID]]:
    """(partner, report)."""
    given = {event.report_id for event in events if event.kind in _GIVEN}
    if not given:
        return []
    mapped = await store.mapped(conn, [each.partner_id for each in listening])
    return [
        (partner.partner_id, report.report_id)
        for report in await reports.by_ids(conn, list(given))
        for partner in listening
        # Whether it may go out is asked again when it does.
        if report.agency_id == partner.agency_id and report.category in mapped.get(partner.partner_id, {})
    ]


async def sweep(pool: Pool, at: datetime | None = None) -> int:
    """Forget attempts of three months ago, a piece at a time; what became of each report stays."""
    total = 0
    while True:
        async with pool.acquire() as conn:
            done = await ledger.forget(conn, (at or datetime.now(UTC)) - _KEPT, _SWEPT)
        total += done
        if done < _SWEPT:
            return total
