"""Other systems that the demo's province is connected to; the simulator plays them (``bot.simulator.others``)."""

from app.demo.staff import acting
from app.outward import Client
from app.partners import deciding, service, store
from app.partners.answers import Service
from app.webhooks import service as webhooks
from app.wiring import Parts, partner_means
from bot.simulator.others import PARTNER, RECEIVER, SERVICES

_AGENCY, _CATEGORY = "dien-luc-ca-mau", "power-cut"
_SENT = 5


async def connect(parts: Parts) -> None:
    """The power company's own server takes power cuts, and has some already; a receiver hears of everything. Nothing of
    it where the rules know no such company, or the settings let nothing on this machine be asked."""
    if _AGENCY not in parts.rules.agencies or _CATEGORY not in parts.rules.categories or not parts.settings.networks:
        return
    http, admin = Client(parts.settings.networks), await acting(parts, "quantri")
    means, url = partner_means(parts, http), parts.settings.simulator_url
    wanted = service.Wanted(
        name="Điện lực Cà Mau (mô phỏng)", url=f"{url}{PARTNER}", agency_id=_AGENCY, key="khoa-mo-phong", repeat="key"
    )
    try:
        partner_id = await service.add(means, admin, wanted, "demo")
        # The simulator starts later: what it will say of itself is known.
        async with parts.pool.acquire() as conn:
            offered = [Service(code, name, "Điện") for code, name in SERVICES]
            await store.set_server(conn, partner_id, wanted.url, "json", offered, has_updates=True)
        await service.map_category(means, admin, partner_id, _CATEGORY, SERVICES[0][0], {})
        await service.switch(parts.pool, admin, partner_id, on=True)
        for code in await _open_ones(parts):
            await deciding.send(parts.pool, admin, partner_id, code)
        hook = webhooks.Wanted(name="IOC tỉnh (mô phỏng)", url=f"{url}{RECEIVER}")
        await webhooks.add(parts.pool, parts.settings.secret_key, admin, hook, "demo", parts.settings.networks)
    finally:
        await http.close()


async def _open_ones(parts: Parts) -> list[str]:
    rows = await parts.pool.fetch(
        """
        SELECT code FROM reports WHERE agency_id = $1 AND category = $2 AND status IN ('assigned', 'in_progress')
        ORDER BY submitted_at DESC LIMIT $3
        """,
        _AGENCY,
        _CATEGORY,
        _SENT,
    )
    return [row["code"] for row in rows]
