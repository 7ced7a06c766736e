"""Messages to followers: the confirmation that is asked for, and one digest a period, at most once.

``plan`` goes through a period once: in one transaction it moves on what everybody has been told of, and enters a row of
the ledger and a job for each for whom there is something. ``send`` claims the row right before the call; a crash before
that leaves it queued, one during the call makes it uncertain.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from app.accounts import citizens
from app.db import Conn, Pool, transaction
from app.jobs import Job, enqueue
from app.notify.attempts import again, outcome
from app.notify.mail import CHANNEL as MAIL
from app.notify.mail import MailSender
from app.notify.model import Closed, Sender, SendFailed, TryLater, Unreachable
from app.reports import news
from app.reports.news import Since
from app.routing.ruleset import RuleSet
from app.subscriptions import letters, store, store_digest
from app.subscriptions.due import last_due, may_go
from app.subscriptions.letters import LISTED, Means
from app.subscriptions.model import RHYTHMS, Digest, Follower, Rhythm, parts_of

_AT_ONCE = 500
_BACKOFF_MOST = 1800.0
"""Seconds."""


async def confirm(pool: Pool, means: Means, sender: MailSender | None, request_id: UUID) -> None:
    """The job that asks a mailbox. Raises RetryRequested when the mail server asks us to come back later."""
    async with pool.acquire() as conn:
        request = await store.claim_request(conn, request_id)
    if request is None:
        return
    failure: SendFailed | None = None
    try:
        if sender is not None:
            await sender.send_mail(letters.confirmation(means, request, datetime.now(UTC)))
    except SendFailed as failed:
        failure = failed
    status = "failed" if sender is None else outcome(failure, request.attempts + 1)
    async with pool.acquire() as conn:
        await store.settle_request(conn, request_id, status)
    if isinstance(failure, TryLater) and status == "queued":
        raise again(failure, request.attempts + 1, _BACKOFF_MOST)


# ---------------------------------------------------------------- who is due


async def plan(pool: Pool, rules: RuleSet, at: datetime | None = None) -> int:
    """Enter the digests that have come due; gives how many. Called often, does it once; what was missed comes late, in
    one message."""
    at, entered = at or datetime.now(UTC), 0
    if not may_go(at):
        return 0
    for rhythm in RHYTHMS:
        until = last_due(rhythm, at)
        while (found := await _plan_some(pool, rules, rhythm, until, at)) is not None:
            entered += found
    return entered


async def _plan_some(pool: Pool, rules: RuleSet, rhythm: Rhythm, until: datetime, at: datetime) -> int | None:
    groups = [(group.group_id, each) for group in rules.groups.values() for each in group.categories]
    async with transaction(pool) as conn:
        due = await store_digest.due(conn, rhythm, until, _AT_ONCE)
        if not due:
            return None
        hear = await store_digest.with_news(conn, list(due), min(due.values()), until, groups)
        digests = [Digest(each, until, due[each], 0) for each in due if each in hear]
        await store_digest.gone_through(conn, list(due), until)
        await store_digest.enter(conn, digests, at)
        await enqueue(conn, [_job(each) for each in digests])
    return len(digests)


def _job(digest: Digest) -> Job:
    said = {"follower_id": str(digest.follower_id), "until": digest.until.isoformat()}
    return Job("send_area_digest", said, dedupe=f"area:{digest.follower_id}:{digest.until.isoformat()}")


# ---------------------------------------------------------------- one message


async def send(
    pool: Pool,
    means: Means,
    chats: Mapping[str, Sender],
    mail: MailSender | None,
    follower_id: UUID,
    until: datetime,
) -> None:
    """The job. Whoever cannot be reached for good has ended it. Raises RetryRequested when a way out asks us to come
    back later."""
    async with pool.acquire() as conn:
        digest = await store_digest.waiting(conn, follower_id, until)
        follower = await store.get(conn, follower_id)
        if digest is None or follower is None:
            return
        parts = parts_of(means.rules, follower.areas)
        found = await news.between(conn, follower.lang, digest.since, digest.until, parts, LISTED)
        if not found.fresh_count + found.done_count:
            # It was taken back meanwhile.
            await store_digest.settle(conn, digest, "nothing")
            return
        ways = await _ways(conn, chats, mail, follower)
        if ways and not await store_digest.claim(conn, digest, ways[0][0]):
            return
    if follower.address:
        failure = await _by_mail(means, mail, follower, digest, found)
    else:
        failure = await _by_chat(pool, means, chats, ways, follower, digest, found)
    status = outcome(failure, digest.attempts + 1)
    async with pool.acquire() as conn:
        await store_digest.settle(conn, digest, status, failure.reason if failure else "")
        if isinstance(failure, Unreachable):
            await store.end(conn, follower_id)
    if isinstance(failure, TryLater) and status == "queued":
        raise again(failure, digest.attempts + 1, _BACKOFF_MOST)


async def _ways(
    conn: Conn, chats: Mapping[str, Sender], mail: MailSender | None, follower: Follower
) -> list[tuple[str, str]]:
    """Channel and address of each way to them, the best first."""
    if follower.citizen_id is None:
        return [(MAIL, follower.address)] if mail else []
    return [each for each in await store_digest.chats(conn, follower.citizen_id) if each[0] in chats]


async def _by_mail(
    means: Means, mail: MailSender | None, follower: Follower, digest: Digest, found: Since
) -> SendFailed | None:
    if mail is None:
        return SendFailed("no mail here")
    try:
        await mail.send_mail(letters.mail(means, follower, digest, found, datetime.now(UTC)))
    except SendFailed as failed:
        return failed
    return None


async def _by_chat(
    pool: Pool,
    means: Means,
    chats: Mapping[str, Sender],
    ways: Sequence[tuple[str, str]],
    follower: Follower,
    digest: Digest,
    found: Since,
) -> SendFailed | None:
    """In the chat the person wrote in last; where it cannot be reached, in their next. Unreachable: in none."""
    failure: SendFailed = Unreachable("no chat of theirs can be reached")
    telling = letters.telling(means, follower, digest, found)
    for channel, address in ways:
        try:
            await chats[channel].send(address, telling)
        except Unreachable as failed:
            async with pool.acquire() as conn:
                await citizens.unreachable(conn, channel, address, failed.reason)
        except Closed as failed:
            # They have a chat; it is only not the time. The next digest may arrive.
            failure = failed
        except SendFailed as failed:
            return failed
        else:
            return None
    return failure
