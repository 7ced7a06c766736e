"""One base class for everything a person did wrong or must be told.

An error carries a message *key* (see ``app.i18n``), never a finished sentence: the reader's language is known
only where the answer is written. HTTP maps it to RFC 9457 problem details, the bot to a chat line, the CLI to
standard error with exit code 2.
"""

from typing import Any, ClassVar

from msgspec import Struct


class Problem(Struct, frozen=True):
    """One thing that is wrong: message key, its parameters, and the field it is about (``None``: the whole)."""

    key: str
    params: dict[str, Any] = {}
    field: str | None = None


class AppError(Exception):
    """Base of all errors told to people. ``key`` is also the stable machine-readable code."""

    status: ClassVar[int] = 500

    def __init__(self, key: str, *, field: str | None = None, **params: Any) -> None:
        super().__init__(key)
        self.problems: tuple[Problem, ...] = (Problem(key, params, field),)

    @property
    def key(self) -> str:
        return self.problems[0].key


class Invalid(AppError):
    """What was sent cannot be used. Several fields may be wrong at once; all are named."""

    status = 422

    @classmethod
    def many(cls, problems: list[Problem]) -> "Invalid":
        if not problems:
            raise ValueError("Invalid.many needs at least one problem")
        error = cls(problems[0].key)
        error.problems = tuple(problems)
        return error


class Unauthenticated(AppError):
    """Nobody is signed in, or the credentials are wrong."""

    status = 401


class Forbidden(AppError):
    """This person may not do this."""

    status = 403


class NotFound(AppError):
    """No such thing, or none that this person may know of."""

    status = 404


class Conflict(AppError):
    """Somebody else was faster, or the thing is no longer in a state that allows this."""

    status = 409


class TooLarge(AppError):
    """More bytes than are taken."""

    status = 413


class TooMany(AppError):
    """Asked too often; ``params["retry_after"]`` is in seconds."""

    status = 429


class Unavailable(AppError):
    """A part we need (database, object store) does not answer; trying again later may work."""

    status = 503
