"""Fetching partners' news and doing here what they say: by our own verbs, each once.

A piece of news has a name of its own (``News.source``), which is the key of the act it becomes: whoever dies between
the act and the ledger does the act a second time in vain. What is fetched never makes anything to be sent.
"""

import hashlib
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from app.accounts.model import SYSTEM, Role
from app.accounts.onlookers import who_may_see
from app.errors import AppError, Conflict, Invalid, NotFound, Unavailable
from app.i18n import t
from app.partners import ledger, store
from app.partners.answers import Standing, Update
from app.partners.client import Client, Failed
from app.partners.model import News, Partner, Push, short
from app.partners.service import Means, client_of
from app.photos import service as photos
from app.photos.model import StoredPhoto
from app.reports import service as reports
from app.reports.model import Form, Report, Status
from app.reports.workflow import WORK, Act

log = structlog.get_logger()

EVERY = timedelta(minutes=5)
_BATCH = 50
_BACK = timedelta(hours=1)
"""How far before the last look updates are asked for again: some become known late."""
_FIRST = timedelta(days=30)


async def pull(means: Means, partner: Partner) -> int:
    """Fetch all news of a partner; gives how many were new. What went wrong stands in the ledger."""
    try:
        there = await client_of(means, partner)
        total = await _updates(means, partner, there) if partner.has_updates else 0
        total += await _standings(means, partner, there)
    except Failed as failed:
        async with means.pool.acquire() as conn:
            await ledger.note(conn, partner.partner_id, None, "pull", failed.came, failed.said)
            await store.fails(conn, partner.partner_id, str(failed), failed.after, sends=False)
        return 0
    async with means.pool.acquire() as conn:
        await store.pulled(conn, partner.partner_id)
        await store.answers(conn, partner.partner_id, sends=False)
    return total


async def _updates(means: Means, partner: Partner, there: Client) -> int:
    began, total = datetime.now(UTC), 0
    since = partner.updates_since or began - _FIRST
    found = await there.updates(since - _BACK)
    async with means.pool.acquire() as conn:
        ours = await ledger.numbered(conn, partner.partner_id, {one.number for one in found})
    for one in found:
        for push in ours.get(one.number, ()):
            total += await _take_in(means, partner, there, push, _of_update(one))
    async with means.pool.acquire() as conn:
        await store.updates_read(conn, partner.partner_id, began)
    return total


def _of_update(one: Update) -> News:
    return News(f"update:{one.ident}", one.status, short(one.words), one.at, one.media)


async def _standings(means: Means, partner: Partner, there: Client) -> int:
    total = 0
    async for pushes in _watched(means, partner.partner_id):
        found = {one.number: one for one in await _asked(there, sorted({push.number or "" for push in pushes}))}
        for push in pushes:
            if (one := found.get(push.number or "")) is None:
                continue
            if news := _of_standing(partner, push, one):
                total += await _take_in(means, partner, there, push, news)
    return total


async def _asked(there: Client, numbers: Sequence[str]) -> list[Standing]:
    """Those that the partner does not know any more are left out: by some servers one of them refuses a whole list."""
    try:
        return await there.standings(numbers)
    except Failed as failed:
        if failed.came != "refused":
            raise
    if len(numbers) == 1:
        return []
    return [one for number in numbers for one in await _asked(there, [number])]


async def _watched(means: Means, partner_id: UUID) -> AsyncIterator[Sequence[Push]]:
    beyond = UUID(int=0)
    while True:
        async with means.pool.acquire() as conn:
            found = await ledger.watched(conn, partner_id, beyond, _BATCH)
        if not found:
            return
        yield found
        beyond = found[-1].report_id


def _of_standing(partner: Partner, push: Push, one: Standing) -> News | None:
    """What is new in how a request stands; None: nothing. Where there are updates, those bring the words."""
    words = short(one.words)
    if one.status == push.their_status and (partner.has_updates or words in ("", push.their_words)):
        return None
    if partner.has_updates and one.status == "open":
        words = ""
        if push.their_status and not (one.updated_at and push.their_at and one.updated_at > push.their_at):
            return None  # not yet what its update says
    moved = one.updated_at and one.asked_at and one.updated_at > one.asked_at
    quiet = not push.their_status and one.status == "open" and (partner.has_updates or not moved)
    at = one.updated_at.isoformat() if one.updated_at else ""
    return News(f"status:{_digest(one.status, words, at)}", one.status, words, one.updated_at, quiet=quiet)


def _digest(*said: str) -> str:
    return hashlib.sha256("\0".join(said).encode()).hexdigest()[:32]


# ---------------------------------------------------------------- taking in


async def _take_in(means: Means, partner: Partner, there: Client, push: Push, news: News) -> bool:
    """Do what the news say, once; gives whether they were new. What one report does not take holds up no other."""
    try:
        return await _take(means, partner, there, push, news)
    except Unavailable:
        raise  # our own store is away: all of it later
    except AppError as error:
        log.warning("a partner's news were not taken", report_id=str(push.report_id), why=error.key)
        return False


async def _take(means: Means, partner: Partner, there: Client, push: Push, news: News) -> bool:
    digest = _digest(news.status, news.words)
    async with means.pool.acquire() as conn:
        # As it is since the news before this one.
        current = await ledger.push(conn, push.partner_id, push.report_id)
        if current is None or current.number != push.number:
            return False
        if await ledger.is_known(conn, current, news.source, digest):
            return False
        report = await reports.get(conn, push.report_id)
    became = "shown" if news.quiet else await _act(means, partner, there, current, report, news)
    async with means.pool.acquire() as conn:
        await ledger.take_in(conn, current, news, digest, became)
    return True


async def _act(means: Means, partner: Partner, there: Client, push: Push, report: Report, news: News) -> str:
    """Gives what became of it."""
    key = f"partner:{_digest(str(partner.partner_id), str(push.round), news.source)}"
    number = f"{push.number}"
    said = news.words or t("partners.no_words" if news.status == "closed" else "partners.open_again", report.lang)
    words = t("partners.says", report.lang, partner=partner.name, number=number, words=said)
    ours = report.agency_id == partner.agency_id and report.status in WORK
    if news.status == "open":
        if not ours or not news.words:
            return await _note(means, report, words, key)
        try:
            if report.status is Status.ASSIGNED:
                report = await reports.perform(means.pool, means.rules, SYSTEM, report, Act.START)
            form = Form(text=words, client_key=key)
            await reports.perform(means.pool, means.rules, SYSTEM, report, Act.PROGRESS, form)
        except (Conflict, Invalid):
            return await _note(means, report, words, key)
        return "progress"
    if ours and (photo := await _proof(means, there, report, news)):
        try:
            form = Form(text=words, photos=(photo,), client_key=key)
            await reports.perform(means.pool, means.rules, SYSTEM, report, Act.RESOLVE, form)
        except (Conflict, Invalid) as error:
            log.info("a partner's result was not taken", report_id=str(report.report_id), why=error.key)
        else:
            return "resolved"
    if report.status not in WORK:
        return await _note(means, report, words, key)
    # Without proof it is not done for us: whoever has the case looks, and says so.
    called = await _whom(means, report)
    waits = t("partners.waits", report.lang, called=called)
    return await _note(means, report, f"{words}\n{waits}", key, "waits")


async def _note(means: Means, report: Report, words: str, key: str, became: str = "noted") -> str:
    await reports.perform(means.pool, means.rules, SYSTEM, report, Act.NOTE, Form(text=words, client_key=key))
    return became


async def _whom(means: Means, report: Report) -> str:
    """Whoever has the case, else the leads of its agency, so that they are told."""
    async with means.pool.acquire() as conn:
        people = await who_may_see(conn, report)
    mine = [one for one in people if one.staff_id == report.assignee_id]
    leads = [one for one in people if one.role is Role.LEAD and one.agency_id == report.agency_id]
    return " ".join(f"@{one.username}" for one in mine or leads)


async def _proof(means: Means, there: Client, report: Report, news: News) -> StoredPhoto | None:
    """The photo that came with a result, where there is one that is not our own."""
    if not news.media:
        return None
    try:
        data = await there.photo(news.media)
        stored = await photos.store_photo(means.pool, means.objects, means.lab, data)
    except (Failed, Invalid, NotFound) as error:
        log.info("a partner's photo was not taken", report_id=str(report.report_id), why=type(error).__name__)
        return None
    async with means.pool.acquire() as conn:
        known = (await reports.case(conn, report)).pictures
    return None if stored.sha256 in {one.sha256 for one in known} else stored
