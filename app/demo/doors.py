"""What stands open to everybody in the demo's province: open data, a neighbourhood that somebody follows; and the words
after which a coordinator looks first. By the usual verbs."""

from datetime import UTC, datetime, timedelta

from msgspec import structs

from app.demo import staff
from app.opendata import service as opendata
from app.opendata.model import month_before
from app.subscriptions import service as following
from app.subscriptions import tokens
from app.subscriptions.model import Area, Wish
from app.watchwords import service as watchwords
from app.wiring import Parts

FOLLOWER = "lan@phananh.example"
_SINCE = timedelta(days=8)
"""Longer than a week, so that the first morning brings a digest with something in it."""
_WORDS = (
    ("tự tử", "Có thể có người cần giúp ngay."),
    ("hành hung", "Liên quan đến an toàn của người gửi."),
    ("tối mật", "Nội dung không được công khai."),
)


async def open_up(parts: Parts) -> None:
    await _follow(parts)
    await _publish(parts)
    coordinator = await staff.acting(parts, "dieuphoi")
    for word, reason in _WORDS:
        await watchwords.add(parts.pool, coordinator, word, reason, "dieuphoi")


async def _follow(parts: Parts) -> None:
    """Lan gets the news of her ward by mail, each morning: they are in var/mail, with the link to her choices."""
    since, secret = datetime.now(UTC) - _SINCE, parts.settings.secret_key
    home = next(c for c in parts.gazetteer.communes if c.province_code == parts.rules.province_code)
    for area in (Area(home.code), Area(group="moi-truong")):
        wish = Wish(area, "daily", "vi", following.consent("vi"))
        asked = await following.ask(parts.pool, secret, FOLLOWER, wish, f"demo {area.commune}", since)
        await following.confirm(parts.pool, secret, tokens.sign(secret, "confirm", asked), since)


async def _publish(parts: Parts) -> None:
    """The last two whole months as open data."""
    actor, now = await staff.acting(parts, "quantri"), datetime.now(UTC)
    usual = opendata.usual(parts.rules.agencies[parts.rules.coordinator_id].name, now)
    wanted = structs.replace(usual, enabled=True, first_month=month_before(usual.first_month))
    await opendata.save(parts.pool, actor, wanted, "quantri", now)
