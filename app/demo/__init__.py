"""A demo worth seeing: staff of every role and reports with a life behind them."""

from app.demo.seed import seed, seed_when_empty

__all__ = ["seed", "seed_when_empty"]
