"""The small world's database for each module."""

from tests.small_world import settled as settled
