"""The small world, and lists as an older system of its province would export them."""

from tests.small_world import settled as settled
