"""Sending reports to partners: each once, whatever happens on the way.

Open311 has nothing by which a repeated request is known, so a row says ``posting`` before anything leaves. Whoever dies
then, or hears nothing that can be understood, leaves a request of which nobody knows whether it arrived: it is looked
for by our mark in the partner's list before anything else is done, and sent again only where the partner allows it
(``Partner.repeat``). What is still unclear waits for a person.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import structlog
from msgspec import Struct, structs

from app.db import transaction
from app.partners import ledger, store
from app.partners.answers import Taken
from app.partners.client import Client, Failed
from app.partners.model import (
    HOLDS,
    LOOKS,
    WAITS,
    Mapped,
    Partner,
    Push,
    Reason,
    Settled,
    State,
    described,
    filled,
    hold,
    mark,
    wait,
    why_not,
)
from app.partners.service import Means, client_of
from app.photos import service as photos
from app.reports import publication
from app.reports import service as reports
from app.reports.model import Report

log = structlog.get_logger()

_TAKEN = 20
_LEASE = timedelta(minutes=2)
"""For which a row is taken: longer than asking about one may last."""
_TURN = timedelta(minutes=1)
"""After which a partner's news get their turn, however much there is to send."""
_ROUNDING = 4
"""Decimals of coordinates in public: about eleven metres."""
_LANG = "vi"


class Pace(Struct, frozen=True):
    """How long is waited before each further attempt, for how long a partner in trouble is left alone, and for how long
    a row is taken."""

    waits: tuple[timedelta, ...] = WAITS
    looks: tuple[timedelta, ...] = LOOKS
    holds: tuple[timedelta, ...] = HOLDS
    lease: timedelta = _LEASE


PACE = Pace()


class Letter(Struct, frozen=True):
    """A request as it goes out. ``about``: what the ledger says of it, without words."""

    fields: list[tuple[str, str]]
    about: Mapping[str, Any]


async def send_due(means: Means, partner: Partner, pace: Pace = PACE) -> int:
    """Send, look up and ask what is due, until nothing is, the partner is in trouble, or its news are to be fetched;
    gives the number of rows seen to."""
    total, until = 0, datetime.now(UTC) + _TURN
    while datetime.now(UTC) < until:
        async with transaction(means.pool) as conn:
            taken = await ledger.take(conn, partner.partner_id, 1 if partner.failing_since else _TAKEN, pace.lease)
        if not taken:
            return total
        total += await _batch(means, partner, taken, pace)
        async with means.pool.acquire() as conn:
            again = await store.one(conn, partner.partner_id)
        if again is None or not again.active or (again.held_until is not None and again.held_until > datetime.now(UTC)):
            return total
        partner = again
    return total


async def _batch(means: Means, partner: Partner, taken: Sequence[Push], pace: Pace) -> int:
    """One after the other: nothing is asked of a partner at once. What goes wrong for one would for the next, so the
    others lose none of their tries to it."""
    total = 0
    try:
        there = await client_of(means, partner)
    except Failed as failed:
        async with means.pool.acquire() as conn:
            await ledger.give_back(conn, taken)
            pause = hold(partner.holds, None, pace.holds)
            await store.fails(conn, partner.partner_id, str(failed), pause, sends=True)
        return total
    for at, push in enumerate(taken):
        came = await _see_to(means, partner, there, push, pace)
        total += came != "lost"
        if came == "trouble":
            async with means.pool.acquire() as conn:
                await ledger.give_back(conn, taken[at + 1 :])
            break
    return total


Came = Literal["done", "trouble", "lost"]
"""Of a row: seen to; seen to, and the partner is in trouble; somebody else's by now."""


async def _see_to(means: Means, partner: Partner, there: Client, push: Push, pace: Pace) -> Came:
    """What this row needs."""
    if push.next_at <= datetime.now(UTC):
        return "lost"  # those before it took so long that somebody else may have it by now
    if push.state == "waiting":
        return await _send(means, partner, there, push, pace)
    if push.state == "token":
        return await _ask_number(means, partner, there, push, pace)
    return await _look(means, partner, there, push, pace)


async def _settle(
    means: Means, push: Push, to: Settled, what: str, failed: Failed | None = None, pause: timedelta | None = None
) -> Came:
    """``pause``: so long the partner is left alone, for this is not the request's fault."""
    async with transaction(means.pool) as conn:
        if not await ledger.settle(conn, push, to):
            return "lost"
        said = failed.said if failed else (to.number or to.token or to.reason)
        await ledger.note(conn, push.partner_id, push.report_id, what, failed.came if failed else to.state, said)
        if failed is not None and pause is not None:
            await store.fails(conn, push.partner_id, str(failed), pause, sends=True)
            return "trouble"
        await store.answers(conn, push.partner_id, sends=to.state == "sent" or (failed is not None and what == "send"))
    return "done"


def _pause(partner: Partner, failed: Failed, pace: Pace) -> timedelta | None:
    """A partner that refuses one request may take the next."""
    return None if failed.came == "refused" else hold(partner.holds, failed.after, pace.holds, stumbled=failed.arrived)


# ---------------------------------------------------------------- sending


async def _send(means: Means, partner: Partner, there: Client, push: Push, pace: Pace) -> Came:
    async with means.pool.acquire() as conn:
        report = await reports.get(conn, push.report_id)
        mapped = (await store.mapped(conn, [partner.partner_id])).get(partner.partner_id, {}).get(report.category)
    if reason := why_not(report, partner, mapped):
        # That its category goes nowhere may be a mistake; the other reasons are none.
        state: State = "person" if reason == "unmapped" else "withheld"
        return await _settle(means, push, Settled(state=state, reason=reason), "send")
    assert mapped is not None
    letter = await _letter(means, partner, mapped, report, push)
    async with means.pool.acquire() as conn:
        until = await ledger.begin_posting(conn, push, letter.about, pace.lease)
    if until is None:
        return "lost"
    push = structs.replace(push, next_at=until)
    try:
        taken = await there.send(letter.fields, ident_of(push))
    except Failed as failed:
        after = _not_taken(push, failed, pace)
        return await _settle(means, push, after, "send", failed, _pause(partner, failed, pace))
    return await _settle(means, push, _as_taken(taken, pace), "send")


def ident_of(push: Push) -> str:
    """The same for the same request, however often it is sent."""
    return f"{push.partner_id}.{push.report_id}.{push.round}"


def _as_taken(taken: Taken, pace: Pace) -> Settled:
    if taken.number:
        return Settled(state="sent", number=taken.number, notice=taken.notice, tries=0)
    return Settled(
        state="token", token=taken.token, notice=taken.notice, tries=0, next_at=datetime.now(UTC) + pace.waits[0]
    )


def _not_taken(push: Push, failed: Failed, pace: Pace) -> Settled:
    """Of a request that failed."""
    if failed.came == "refused":
        return Settled(state="person", reason="refused", error=str(failed))
    if failed.arrived:
        return Settled(state="unknown", error=str(failed), next_at=datetime.now(UTC) + pace.looks[0], looks=0)
    return _later("waiting", push.tries + 1, failed, pace)


def _later(state: Any, tries: int, failed: Failed, pace: Pace) -> Settled:
    pause = wait(tries, failed.after, pace.waits)
    if pause is None:
        return Settled(state="person", reason=_gave_up(state), error=str(failed))
    return Settled(state=state, error=str(failed), next_at=datetime.now(UTC) + pause, tries=tries)


def _gave_up(state: str) -> Reason:
    return "gave_up" if state == "waiting" else "unsure"


async def _letter(means: Means, partner: Partner, mapped: Mapped, report: Report, push: Push) -> Letter:
    """Nothing in it says who reported."""
    own_mark = mark(report.code, push.round, means.host)
    async with means.pool.acquire() as conn:
        case = await reports.case(conn, report)
    words = report.body if partner.originals else publication.text_of(report, case.public, report.lang)
    fields = [("service_code", mapped.service_code), ("description", described(words, own_mark))]
    fields += _place(report, exact=partner.originals)
    public = publication.pictures_of(report, case.pictures, case.public)
    shown = next((one for one in public if one.stage != "after"), None)
    if shown is None and partner.originals:
        shown = next((one for one in case.pictures if one.added_by == "citizen"), None)
    if shown is not None:
        base = f"{means.public_url}/api/v1/photos"
        fields.append(("media_url", await photos.photo_url(means.objects, means.key, base, shown.sha256, "large")))
    answered = filled(mapped, means.rules.categories.get(report.category), report.answers, own_mark)
    about = {
        "service": mapped.service_name,
        "words": "originals" if partner.originals else "public",
        "point": any(name == "lat" for name, _ in fields),
        "photo": shown is not None,
        "attributes": len(answered),
        "mark": own_mark,
        "service_code": mapped.service_code,
    }
    return Letter(fields + answered, about)


def _place(report: Report, *, exact: bool) -> list[tuple[str, str]]:
    named = ", ".join(one for one in (report.address if exact else "", report.commune_name) if one)
    fields = [("address_string", named)] if named else []
    if report.lat is not None and report.lon is not None:
        lat, lon = (f"{value:.6f}" if exact else f"{value:.{_ROUNDING}f}" for value in (report.lat, report.lon))
        fields += [("lat", lat), ("long", lon)]
    return fields


# ---------------------------------------------------------------- what became of it


async def _look(means: Means, partner: Partner, there: Client, push: Push, pace: Pace) -> Came:
    """Nobody knows whether the request arrived."""
    if partner.repeat == "key":
        # Sent again under its key it is the same request.
        again = _later("waiting", push.tries, _UNSURE, Pace((timedelta(0), *pace.waits)))
        return await _settle(means, push, again, "look")
    try:
        since = push.posted_at or push.created_at
        found = await there.marked(str(push.sent.get("mark", "")), str(push.sent.get("service_code", "")), since)
    except Failed as failed:
        after = _later("unknown", push.tries + 1, failed, pace)
        return await _settle(means, push, after, "look", failed, _pause(partner, failed, pace))
    if found is not None:
        return await _settle(means, push, Settled(state="sent", number=found.number, tries=0), "look")
    looks = push.looks + 1
    if looks < len(pace.looks):
        later = datetime.now(UTC) + pace.looks[looks]
        still = Settled(state="unknown", looks=looks, next_at=later, error=push.error)
        return await _settle(means, push, still, "look")
    if partner.repeat == "lists":
        return await _settle(means, push, _later("waiting", push.tries, _UNSURE, pace), "look")
    return await _settle(means, push, Settled(state="person", reason="unsure", error=push.error), "look")


_UNSURE = Failed("silent", "not found in the partner's list", arrived=False)


async def _ask_number(means: Means, partner: Partner, there: Client, push: Push, pace: Pace) -> Came:
    try:
        if number := await there.number_of(push.token or ""):
            return await _settle(means, push, Settled(state="sent", number=number, tries=0), "token")
    except Failed as failed:
        after = _later("token", push.tries + 1, failed, pace)
        return await _settle(means, push, after, "token", failed, _pause(partner, failed, pace))
    not_yet = Failed("busy", "no number yet", arrived=False)
    return await _settle(means, push, _later("token", push.tries + 1, not_yet, pace), "token", not_yet)
