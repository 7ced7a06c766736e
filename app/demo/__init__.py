"""A demo worth seeing: staff of every role and reports with a life behind them."""

from app.demo.seed import Seeded, seed, seed_when_empty

__all__ = ["Seeded", "seed", "seed_when_empty"]
