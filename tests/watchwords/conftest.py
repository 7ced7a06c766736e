from tests.small_world import settled as settled
