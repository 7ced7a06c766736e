from tests.small_world import settled  # noqa: F401  # a fixture
