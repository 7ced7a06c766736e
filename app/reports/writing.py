"""Writing an act: the report, and whatever else it changes with it – the target of a merge, the whole of a part, new
parts, the public copy. All of it or nothing.
"""

from uuid import UUID

import asyncpg
import msgspec
from uuid_utils.compat import uuid7

from app.accounts import service as accounts
from app.db import Conn
from app.errors import NotFound
from app.history.model import NO_HASH, ActorKind, Fact, chain, digest
from app.reports import codes, store, store_parts, store_publication
from app.reports.change import Change, Family, Part
from app.reports.intake import search_text, tell_job
from app.reports.model import Contact, Report

Who = tuple[ActorKind, UUID | None]


class Raced(Exception):  # not an error: another try on the present state
    """Somebody changed the report between our reading and our writing; nothing was written."""


async def write(conn: Conn, change: Change) -> Report:
    """Write the change, and what it means for other reports, inside the caller's transaction. Raises Raced.

    In order of the ids, so that two merges crossing each other do not wait for one another. All reports were read
    before the first write, so each history stands in the order of its transactions (see ``app.history.service``).
    """
    seen, actor, target = change.seen, change.actor, change.target
    who: tuple[ActorKind, UUID | None] = (actor.kind, actor.id)
    if change.form.client_key and not change.messages and change.facts:
        # Without words there is no message to bear the key. Its digest, for in a chat the key names the chat.
        first = change.facts[0]
        change.facts[0] = Fact(first.kind, first.data | {"key": digest(change.form.client_key)}, first.by_system)
    events = chain(seen.report_id, (seen.last_seq, seen.last_hash), change.facts, at=change.at, actor=who)
    rewrites = [
        store.Rewrite(
            seen=seen,
            report=msgspec.structs.replace(change.report, updated_at=change.at),
            events=events,
            messages=change.messages,
            photos=[store.PhotoClaim(uuid7(), bytes.fromhex(p.sha256), change.stage) for p in change.form.photos],
            by="citizen" if actor.kind == "citizen" else "staff",
            files=change.claims,
            removed=change.removed,
            actor_id=actor.id,
            jobs=[tell_job(seen.report_id, events[0].seq, events[-1].seq)],
            search_text=search_text(change.report) if change.report.commune_name != seen.commune_name else None,
        )
    ]
    if target is not None:
        last = (target.last_seq, target.last_hash)
        its_events = chain(target.report_id, last, change.target_facts, at=change.at, actor=who)
        rewrites.append(store.Rewrite(seen=target, report=target, events=its_events))
    if change.family is not None and change.family.facts:
        rewrites.append(_of_the_whole(change, change.family, who))
    for rewrite in sorted(rewrites, key=lambda rewrite: rewrite.seen.report_id):
        if not await store.update(conn, rewrite):
            raise Raced
    for part in change.parts:
        await _begin(conn, change, part, who)
    if change.form.public is not None and actor.id is not None:
        await store_publication.save(conn, seen.report_id, change.form.public, actor.id, change.at)
    return msgspec.structs.replace(
        rewrites[0].report, version=seen.version + 1, last_seq=events[-1].seq, last_hash=events[-1].hash
    )


async def family_of(conn: Conn, report_id: UUID) -> Family:
    """The report that parts belong to, and how far they are."""
    whole = await store.by_id(conn, report_id)
    if whole is None:
        raise NotFound("reports.gone")
    ends = await store_parts.ends_of(conn, report_id)
    names = await accounts.agency_names(conn, {end.agency_id for end in ends}, whole.lang)
    return Family(whole=whole, report=whole, ends=ends, names=names)


def _of_the_whole(change: Change, family: Family, who: Who) -> store.Rewrite:
    whole = family.whole
    events = chain(whole.report_id, (whole.last_seq, whole.last_hash), family.facts, at=change.at, actor=who)
    return store.Rewrite(
        seen=whole,
        report=msgspec.structs.replace(family.report, updated_at=change.at),
        events=events,
        messages=family.messages,
        photos=[store.PhotoClaim(uuid7(), bytes.fromhex(sha256), "after") for sha256 in family.photos],
        actor_id=change.actor.id,
        jobs=[tell_job(whole.report_id, events[0].seq, events[-1].seq)],
    )


async def _begin(conn: Conn, change: Change, part: Part, who: Who) -> None:
    """A new part with the photos that the reporter sent. Nobody holds its tracking secret."""
    report = part.report
    events = chain(report.report_id, (0, NO_HASH), part.facts, at=change.at, actor=who)
    report = msgspec.structs.replace(report, last_seq=events[-1].seq, last_hash=events[-1].hash)
    sent = [picture for picture in change.pictures if picture.added_by == "citizen"]
    filing = store.Filing(
        report=report,
        secret_hash=codes.secret_hash(codes.new_code() + str(uuid7())),
        search_text=search_text(report),
        key=None,
        body_hash=b"",
        citizen_id=None,
        contact=Contact(),
        consent_version=None,
        photos=[store.PhotoClaim(uuid7(), bytes.fromhex(one.sha256), one.stage) for one in sent],
        sounds=[],
        events=events,
        jobs=[tell_job(report.report_id, events[0].seq, events[-1].seq)],
    )
    try:
        await store.insert(conn, filing)
    except asyncpg.UniqueViolationError as taken:
        if taken.constraint_name != "report_codes_pkey":
            raise
        raise Raced from taken
