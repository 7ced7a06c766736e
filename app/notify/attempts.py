"""What becomes of a call to a channel: how the ledger calls it, and when it is tried again."""

from datetime import timedelta

from app.notify.model import Closed, SendFailed, TryLater, Uncertain, Unreachable

MAX_ATTEMPTS = 30
"""With the back-off, a channel may be out of order for most of a day and the message still arrives."""


def outcome(failure: SendFailed | None, attempt: int) -> str:
    """What the ledger says after a call."""
    match failure:
        case None:
            return "sent"
        case Unreachable():
            return "unreachable"
        case Closed():
            return "closed"
        case TryLater() if attempt < MAX_ATTEMPTS:
            return "queued"
        case Uncertain():
            return "uncertain"
        case _:
            return "failed"


def again(failure: TryLater, attempt: int, most: float) -> Exception:
    """Raise it to have the job come back when the channel says, later with each attempt, after ``most`` seconds at the
    most."""
    return later(max(failure.seconds, min(2.0 ** (attempt - 1), most)), failure.reason)


def later(seconds: float, reason: str) -> Exception:
    """Raise it to have the job come back."""
    # Known to the worker alone: it brings pydantic along, 12 MB that the API process need not carry.
    from pgqueuer import RetryRequested

    return RetryRequested(timedelta(seconds=seconds), reason)
