"""Sending one report of figures to one recipient, by every way they want; at most once, few words, no secrets.

It is made anew for each recipient, within their own rights at that moment; an address that is nobody's account gets
what whoever set it up may see. The ledger is that of ``app.notify``: a crash before the call leaves it queued, one
during the call makes it uncertain.
"""

import hashlib
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from msgspec import Struct

from app.accounts import chats
from app.accounts import service as accounts
from app.accounts.model import Actor
from app.db import Pool
from app.errors import AppError, Unavailable
from app.exports import making
from app.exports.columns import COLUMNS, columns_for
from app.exports.formats import FORMATS
from app.exports.model import Wanted, file_name
from app.exports.summary import summary
from app.i18n import Lang, t
from app.notify.attempts import again, later, outcome
from app.notify.mail import CHANNEL as MAIL
from app.notify.mail import Mail, MailSender
from app.notify.model import CardSender, Document, SendFailed, Telling, TryLater, Unreachable
from app.places.gazetteer import Gazetteer
from app.routing.ruleset import RuleSet
from app.schedules import store, store_sends
from app.schedules.message import Words, words
from app.schedules.model import ADD_ADDRESSES, Run, Schedule, Send, Status
from app.schedules.service import why_not
from app.stats.asked import Asked
from app.stats.names import Names, names
from app.stats.periods import parse
from app.stats.rights import narrowed

_BACKOFF, _BACKOFF_MOST = 120.0, 1800.0
"""Seconds."""
_PATIENCE = timedelta(days=1)
"""For so long it is tried to read the figures: after a long time without a worker they have much to catch up with."""
FILES_MOST = 15 << 20
"""Bytes of all files of one message: mail servers take about twenty million, of which writing them takes a third."""


class Ways(Struct, frozen=True):
    """The ways out. ``public_url``: where staff open the pages."""

    chats: Mapping[str, CardSender]
    mail: MailSender | None
    public_url: str


class Package(Struct, frozen=True):
    """What goes to one recipient."""

    words: Words
    files: tuple[Document, ...]
    made_at: datetime


async def send(
    pool: Pool,
    rules: RuleSet,
    gazetteer: Gazetteer,
    ways: Ways,
    run_id: UUID,
    recipient: str,
    at: datetime | None = None,
) -> None:
    """The job. Raises RetryRequested when a way out asks us to come back later."""
    at = at or datetime.now(UTC)
    async with pool.acquire() as conn:
        waiting = await store_sends.waiting(conn, run_id, recipient)
        run = await store.run(conn, run_id)
        schedule = await store.get(conn, run.schedule_id) if run else None
        if not waiting or run is None:
            return
        reader, why = await _reader(pool, schedule, run, recipient)
    if schedule is None or reader is None:
        await _leave_out(pool, waiting, why)
        return
    try:
        package = await _packed(pool, rules, gazetteer, ways, schedule, run, reader, recipient)
    except Unavailable as error:
        if at - run.planned_at < _PATIENCE:
            raise later(_BACKOFF, error.key) from None
        await _leave_out(pool, waiting, error.key, status="failed")
        return
    except AppError as error:
        # A question that has become wrong: said in words on the page, sent again by hand.
        await _leave_out(pool, waiting, error.key, status="failed")
        return
    waits = [await _hand_over(pool, ways, one, package, at) for one in waiting]
    if (wait := next((each for each in waits if each is not None), None)) is not None:
        raise wait


async def _reader(pool: Pool, schedule: Schedule | None, run: Run, recipient: str) -> tuple[Actor | None, str]:
    """By whose rights; None, and why."""
    if schedule is None:
        return None, "deleted"
    kind, _, who = recipient.partition(":")
    async with pool.acquire() as conn:
        reader = await accounts.actor_of(conn, UUID(who) if kind == "staff" else schedule.owner_id)
    if kind != "staff" and (reader is None or reader.role not in ADD_ADDRESSES):
        return None, "owner"
    why = why_not(reader, schedule, parse(run.period))
    return (None, why) if why else (reader, "")


async def _leave_out(pool: Pool, sends: list[Send], why: str, status: Status = "left_out") -> None:
    async with pool.acquire() as conn:
        for one in sends:
            await store_sends.settle(conn, one, status, why)


# ---------------------------------------------------------------- making


async def _packed(
    pool: Pool,
    rules: RuleSet,
    gazetteer: Gazetteer,
    ways: Ways,
    schedule: Schedule,
    run: Run,
    reader: Actor,
    recipient: str,
) -> Package:
    """Raises AppError."""
    draft, period = schedule.draft, parse(run.period)
    asked = narrowed(reader, draft.asked(period))
    await making.settle_figures(pool, period.end)
    async with pool.acquire() as conn:
        known = await names(conn, rules, gazetteer)
        figures = await summary(conn, known, asked, draft.lang, period.end)
        owner = (await accounts.staff_names(conn, [schedule.owner_id])).get(schedule.owner_id, "")
    files: list[Document] = []
    left_out: list[str] = []
    for format_ in draft.formats:
        try:
            file = await _file(pool, known, reader, asked, format_, draft.lang)
        except AppError as error:
            left_out.append(
                t("schedules.file_failed", draft.lang, format=format_.upper(), why=_said(error, draft.lang))
            )
            continue
        if sum(len(one.data) for one in (*files, file)) > FILES_MOST:
            left_out.append(t("schedules.file_large", draft.lang, format=format_.upper()))
        else:
            files.append(file)
    link = f"{ways.public_url}/console/dashboard?{figures.query}" if recipient.startswith("staff:") else ""
    said = words(draft.name, run, figures, owner=owner, link=link, left_out=left_out)
    return Package(said, tuple(files), datetime.now(UTC))


async def _file(pool: Pool, known: Names, reader: Actor, asked: Asked, format_: str, lang: Lang) -> Document:
    """A list of reports that leaves the house has nothing of what people wrote, nor where exactly it is."""
    maker, end = FORMATS[format_], asked.period.end
    columns = tuple(name for name in columns_for(reader, ids=maker.ids) if maker.lists and not COLUMNS[name].case)
    wanted = Wanted(reader=reader, asked=asked, format=format_, lang=lang, as_of=end, columns=columns)
    with tempfile.TemporaryDirectory(prefix="phananh-schedule-") as folder:
        path = Path(folder) / f"file.{maker.extension}"
        await making.produce(pool, known, wanted, path)
        data = path.read_bytes()
    return Document(file_name(asked, end, maker.extension), maker.content_type, data)


def _said(error: AppError, lang: Lang) -> str:
    problem = error.problems[0]
    return t(problem.key, lang, **problem.params)


# ---------------------------------------------------------------- handing over


async def _hand_over(pool: Pool, ways: Ways, one: Send, package: Package, at: datetime) -> Exception | None:
    """By one way. Gives what is to be raised so that the job comes back."""
    address, why = await _address(pool, ways, one)
    async with pool.acquire() as conn:
        if not address:
            await store_sends.settle(conn, one, "left_out", why)
            return None
        if not await store_sends.claim(conn, one, address, package.made_at):
            return None
    failure: SendFailed | None = None
    try:
        if one.channel == MAIL:
            assert ways.mail is not None
            await ways.mail.send_mail(_mail(package, one, address, at))
        else:
            telling = Telling(package.words.chat_text(), lang=package.words.lang, documents=package.files)
            await ways.chats[one.channel].send(address, telling)
    except SendFailed as failed:
        failure = failed
    status: Status = outcome(failure, one.attempts + 1)  # type: ignore[assignment]  # the ledgers' words are the same
    async with pool.acquire() as conn:
        if isinstance(failure, Unreachable) and one.channel != MAIL:
            await chats.unreachable(conn, one.channel, address)
        await store_sends.settle(conn, one, status, failure.reason if failure else "")
    if isinstance(failure, TryLater) and status == "queued":
        return again(failure, one.attempts + 1, _BACKOFF_MOST)
    return None


async def _address(pool: Pool, ways: Ways, one: Send) -> tuple[str, str]:
    """Where it goes now; "", and why: they have left that way, or it is not there."""
    if one.channel == MAIL and ways.mail is None:
        return "", "no_mail"
    if one.channel != MAIL and one.channel not in ways.chats:
        return "", "no_chat"
    if one.staff_id is None:
        return one.address, ""
    async with pool.acquire() as conn:
        mail, theirs = await store_sends.reach(conn, one.staff_id)
    return (mail if one.channel == MAIL else theirs.get(one.channel, "")), "way_off"


def _mail(package: Package, one: Send, address: str, at: datetime) -> Mail:
    # Another name each time it is made: what is sent again by hand is another message.
    who = hashlib.sha256(one.recipient.encode()).hexdigest()[:16]
    return Mail(
        to=address,
        subject=package.words.subject,
        lines=package.words.mail_lines(),
        name=f"schedule.{one.run_id}.{who}.{package.made_at:%Y%m%d%H%M%S}",
        lang=package.words.lang,
        at=at,
        list_id="figures",
        files=package.files,
    )
