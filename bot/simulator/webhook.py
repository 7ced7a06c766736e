"""Brings waiting updates to the bot's webhook, one after the other, until each is taken."""

import time

import httpx

from .model import Json
from .pulse import Pulse
from .updates import Updates, Webhook

_FIRST_PAUSE = 0.1  # seconds; doubles with each refusal
_LONGEST_PAUSE = 10.0
_ANSWER_SECONDS = 60.0


async def deliver_updates(updates: Updates, pulse: Pulse) -> None:
    """Runs until the pulse is closed. Anything but a 2xx answer is tried again, later and later."""
    pause = _FIRST_PAUSE
    async with httpx.AsyncClient(timeout=_ANSWER_SECONDS) as http:
        while not pulse.closed:
            hook = await pulse.until(lambda: updates.webhook if updates.pending else None, _ANSWER_SECONDS)
            if hook is None:
                continue
            update = updates.pending[-1 if updates.delivery.reorder else 0]
            if updates.delivery.forge:
                updates.forged.append(await _forge(http, hook, updates, update))
            problem = await _post(http, hook, updates, update)
            if problem is None and updates.delivery.duplicate:
                problem = await _post(http, hook, updates, update)
            if problem is None:
                hook.last_error_date = hook.last_error_message = None
                updates.done(update)
                pause = _FIRST_PAUSE
                continue
            hook.last_error_date, hook.last_error_message = int(time.time()), problem
            pulse.fire()
            await pulse.until(lambda: updates.webhook is not hook, pause)  # noqa: B023 - awaited at once
            pause = min(pause * 2, _LONGEST_PAUSE)


async def _post(http: httpx.AsyncClient, hook: Webhook, updates: Updates, update: Json) -> str | None:
    """Returns what went wrong, or None."""
    body, headers = updates.wire(hook, update)
    try:
        response = await http.post(hook.url, content=body, headers={"Content-Type": "application/json", **headers})
    except httpx.HTTPError as error:
        return f"{type(error).__name__}: {error}"
    if response.is_success:
        return None
    return f"Wrong response from the webhook: {response.status_code} {response.reason_phrase}"


async def _forge(http: httpx.AsyncClient, hook: Webhook, updates: Updates, update: Json) -> int:
    """The same with a false proof; gives the status, 0 for no answer."""
    body, headers = updates.wire(hook, update, forged=True)
    try:
        return (await http.post(hook.url, content=body, headers=headers)).status_code
    except httpx.HTTPError:
        return 0
