"""Benchmarks: each prints nothing and gives figures, each beside the limit it is measured against."""

from msgspec import Struct


class Figure(Struct, frozen=True):
    """``ratio`` is ``value`` to ``limit``, both in ``unit``; ``bar`` says what is wanted, ``ok`` whether it is so."""

    name: str
    value: float
    unit: str
    limit_name: str
    limit: float
    ratio: float
    bar: str
    ok: bool
