from tests.escalation.scene import office  # noqa: F401  # a fixture
from tests.small_world import settled  # noqa: F401  # a fixture
