"""Doing what the dialogue wishes about other people's reports. Each is safe to repeat: words by the draft's id, photos
by their bytes, following by the person."""

from datetime import UTC, datetime
from uuid import UUID

from app.accounts import citizens
from app.db import Pool
from app.reports import following, near
from app.reports import service as reports
from app.reports.alike import Fingerprint
from app.reports.model import CONSENT_VERSION, Form, Report
from app.reports.near import Near, Sought
from app.reports.workflow import Act
from bot.conversation import wishes
from bot.conversation.draft import Draft
from bot.conversation.turn import Knowledge


async def look(pool: Pool, know: Knowledge, citizen_id: UUID, draft: Draft) -> list[Near]:
    """Open reports that may be of the same matter as the draft."""
    spot = draft.spot
    sought = Sought(
        category=draft.category or "",
        text=draft.content.text,
        lat=spot.lat if spot else None,
        lon=spot.lon if spot else None,
        commune_code=(spot.commune or None) if spot else None,
        photos=[Fingerprint(each.photo.sha256, each.photo.phash) for each in draft.content.photos],
        citizen_id=citizen_id,
    )
    async with pool.acquire() as conn:
        return await near.find(conn, know.rules, sought, know.lang, know.now)


async def join(
    pool: Pool, know: Knowledge, citizen_id: UUID, draft_id: UUID, wish: wishes.Join
) -> tuple[Report, int, bool]:
    """Add the draft's voice to a report: as a follower, or to one of the person's own as its reporter. Gives the
    report, how many people stand behind it, and whether it is their own."""
    report = await reports.find_whole(pool, wish.code)
    if wish.consents:
        async with pool.acquire() as conn:
            await citizens.give_consent(conn, citizen_id, CONSENT_VERSION, datetime.now(UTC))
    form = Form()
    if wish.draft is not None:
        content = wish.draft.content
        photos = tuple(photo.photo for photo in content.photos)
        form = Form(text=content.text, photos=photos, client_key=f"draft:{draft_id}")
    async with pool.acquire() as conn:
        mine = await reports.is_reporter(conn, report, citizen_id)
    if mine and form.text:
        actor = await reports.reporter(pool, report, citizen_id=citizen_id)
        report = await reports.perform(pool, know.rules, actor, report, Act.ADD_INFO, form)
    else:
        report = await following.follow(pool, report, citizen_id, form)
    async with pool.acquire() as conn:
        return report, await following.voices(conn, report), mine
