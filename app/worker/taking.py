"""How a slice takes its jobs: typed, tried again with back-off when they fail, and parked at last, never dropped."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from pgqueuer import DatabaseRetryEntrypointExecutor, PgQueuer
from pgqueuer.models import Job

from app.notify.model import CardSenders, Senders
from app.notify.push import WebPush
from app.wiring import Parts

T = TypeVar("T")

KEPT: dict[str, Any] = {"executor_factory": DatabaseRetryEntrypointExecutor, "on_failure": "hold"}
"""What every entry point says of a job that fails."""


class Means(Struct, frozen=True):
    """What jobs work with. ``senders``: to citizens; ``cards``: to the chats of staff; ``push``: to the browsers of
    both."""

    parts: Parts
    senders: Senders
    cards: CardSenders
    push: WebPush | None = None


class Nothing(Struct, frozen=True):
    """A job whose name says all."""


def on(queue: PgQueuer, name: str, kind: type[T]) -> Callable[[Callable[[T], Awaitable[None]]], None]:
    """The jobs of this name are worked off by what stands below, which is given what they say."""

    def take(work: Callable[[T], Awaitable[None]]) -> None:
        @queue.entrypoint(name, **KEPT)
        async def taken(job: Job) -> None:
            await work(msgspec.json.decode(job.payload or b"{}", type=kind))

    return take
