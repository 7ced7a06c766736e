"""One call of the bot: recorded, failed if a test asked for it, done, and held back if a test asked for that."""

import time

from .core import Simulator
from .files import StoredFile
from .methods import METHODS
from .model import ApiError, Call, Json, applies
from .params import Params


async def call(sim: Simulator, method: str, params: Params) -> tuple[int, Json]:
    """Returns the HTTP status and the answer. A held call has had its effect before it waits."""
    record = Call(next(sim.numbers), method, params.recorded(), params.chat_id(), time.time())
    sim.calls.append(record)
    try:
        sim.fail_if_asked(method, record.chat_id)
        handler = (sim.methods or METHODS).get(method.lower())
        if handler is None:
            raise ApiError(404, "Not Found: method not found")
        record.result = await handler(sim, params)
        record.status, answer = 200, {"ok": True, "result": record.result}
    except ApiError as error:
        record.status, record.description = error.code, error.description
        answer = error.as_json()
    sim.pulse.fire()
    await _hold(sim, record)
    return record.status, answer


async def download(sim: Simulator, path: str) -> StoredFile:
    """One download of a file, recorded, failed and held like a call named ``download``; 404 for an unknown path."""
    record = Call(next(sim.numbers), "download", {"path": path}, None, time.time())
    sim.calls.append(record)
    try:
        sim.fail_if_asked("download", None)
        file = sim.files.at(path)
        if file is None:
            raise ApiError(404, "Not Found")
        record.status = 200
    except ApiError as error:
        record.status, record.description = error.code, error.description
        raise
    finally:
        sim.pulse.fire()
    await _hold(sim, record)
    return file


async def _hold(sim: Simulator, record: Call) -> None:
    for hold in list(sim.holds.values()):
        if len(hold.caught) < hold.times and applies(hold, record.method, record.chat_id):
            hold.caught.append(record)
            sim.pulse.fire()
            await _released(sim, hold.id)
            return


async def _released(sim: Simulator, hold_id: int) -> None:
    while hold_id in sim.holds and not sim.pulse.closed:
        await sim.pulse.until(lambda: hold_id not in sim.holds, 3600)
