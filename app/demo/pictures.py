"""Which drawing goes with which matter. The drawings are the simulator's own samples, each with its mended twin."""

from bot.simulator.samples import SAMPLES, scene

SCENES = tuple(SAMPLES)

_OF_CATEGORY = {
    "road-damage": "pothole",
    "road-works": "pothole",
    "street-light": "lamp",
    "traffic-light": "lamp",
    "power-cut": "lamp",
    "garbage": "rubbish",
    "illegal-dumping": "rubbish",
    "pavement-encroachment": "rubbish",
    "public-space": "rubbish",
    "market-order": "rubbish",
    "flooding": "flood",
    "drain": "flood",
    "water-leak": "flood",
    "erosion": "flood",
    "dike-sluice": "flood",
}


def shows(category_id: str) -> bool:
    """Whether a drawing fits: people photograph a heap of rubbish, not a fee."""
    return category_id in _OF_CATEGORY


def scene_for(category_id: str) -> str:
    """The scene of a category; a street, with which an answer can still be proved, where none fits."""
    return _OF_CATEGORY.get(category_id, "pothole")


def draw(name: str, seed: int, *, mended: bool) -> bytes:
    """JPEG bytes of one variation. CPU work, about 0.2 s."""
    return scene(name, seed, mended=mended)
