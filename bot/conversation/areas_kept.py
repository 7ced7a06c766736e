"""What a person follows, kept: the doing behind ``wishes.Areas``. Each is safe to repeat."""

from uuid import UUID

from app.db import Pool
from app.i18n import Lang
from app.subscriptions import service
from app.subscriptions.model import RHYTHMS, Follower, Wish
from bot.conversation import wishes


async def fulfil(pool: Pool, citizen_id: UUID, lang: Lang, wish: wishes.Areas) -> Follower | None:
    """What is followed after that. Raises Conflict for one area too many."""
    found = await _of(pool, citizen_id)
    match wish:
        case wishes.Areas(what="follow", area=area) if area is not None:
            rhythm = found.rhythm if found else RHYTHMS[0]
            return await service.follow_by_chat(pool, citizen_id, Wish(area, rhythm, lang, wish.consent))
        case wishes.Areas(what="drop", area=area) if found and area is not None:
            await service.drop(pool, found.follower_id, area)
        case wishes.Areas(what="rhythm", rhythm=rhythm) if found and rhythm is not None:
            await service.set_rhythm(pool, found.follower_id, rhythm)
        case wishes.Areas(what="end") if found:
            await service.end(pool, found.follower_id)
        case _:
            return found
    return await _of(pool, citizen_id)


async def _of(pool: Pool, citizen_id: UUID) -> Follower | None:
    async with pool.acquire() as conn:
        return await service.of_citizen(conn, citizen_id)
