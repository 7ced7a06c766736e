"""What tests need besides playing a person: calls made, faults, held answers, webhook disturbances, raw updates."""

from litestar import delete, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Struct

from .bot_http import Sim
from .core import Simulator
from .model import ApiError, Call, Delivery, Fault, Hold, Json

LONGEST_WAIT = 60.0


class RawUpdate(Struct):
    """Any update, as it would stand in getUpdates without its id: ``{"kind": "poll_answer", "payload": {…}}``."""

    kind: str
    payload: Json


@get("/calls")
async def calls(
    sim: Sim,
    method: FromQuery[str | None] = None,
    chat_id: FromQuery[int | None] = None,
    after: FromQuery[int] = 0,
    wait: FromQuery[float] = 0,
) -> list[Call]:
    """The bot's calls, oldest first, after call ``after``; waits up to ``wait`` seconds for the first."""

    def fitting() -> list[Call]:
        return [
            call
            for call in sim.calls
            if call.id > after
            and (method is None or call.method.lower() == method.lower())
            and chat_id in (None, call.chat_id)
        ]

    return await sim.pulse.until(fitting, min(wait, LONGEST_WAIT))


@post("/faults")
async def set_fault(data: JSONBody[Fault], sim: Sim) -> Fault:
    return sim.set_fault(data)


@delete("/faults", status_code=200)
async def clear_faults(sim: Sim) -> Json:
    sim.faults.clear()
    return {"ok": True}


@delete("/faults/{fault_id:int}", status_code=200)
async def clear_fault(fault_id: FromPath[int], sim: Sim) -> Json:
    sim.faults = [fault for fault in sim.faults if fault.id != fault_id]
    return {"ok": True}


@post("/holds")
async def set_hold(data: JSONBody[Hold], sim: Sim) -> Hold:
    return sim.set_hold(data)


@get("/holds/{hold_id:int}")
async def hold_caught(
    hold_id: FromPath[int], sim: Sim, count: FromQuery[int] = 1, wait: FromQuery[float] = 0
) -> list[Call]:
    """The calls held so far; waits up to ``wait`` seconds until there are ``count``."""
    hold = _hold(sim, hold_id)
    await sim.pulse.until(lambda: len(hold.caught) >= count, min(wait, LONGEST_WAIT))
    return hold.caught


@post("/holds/{hold_id:int}/release")
async def release(hold_id: FromPath[int], sim: Sim) -> Json:
    sim.release(_hold(sim, hold_id))
    return {"ok": True}


@put("/delivery")
async def disturb_delivery(data: JSONBody[Delivery], sim: Sim) -> Delivery:
    sim.updates.delivery = data
    return data


@post("/updates")
async def inject(data: JSONBody[RawUpdate], sim: Sim) -> Json:
    return {"update_id": sim.updates.put(data.kind, data.payload)}


def _hold(sim: Simulator, hold_id: int) -> Hold:
    if hold_id not in sim.holds:
        raise ApiError(404, f"no hold {hold_id}, or it is released")
    return sim.holds[hold_id]


HANDLERS = [
    calls,
    set_fault,
    clear_faults,
    clear_fault,
    set_hold,
    hold_caught,
    release,
    disturb_delivery,
    inject,
]
