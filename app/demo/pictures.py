"""Which drawing goes with which matter. The drawings are the simulator's own samples, each with its mended twin."""

from bot.simulator.samples import SAMPLES, scene

SCENES = tuple(SAMPLES)

_OF_GROUP = {
    "giao-thong": "pothole",
    "do-thi": "rubbish",
    "dien-chieu-sang": "lamp",
    "cap-thoat-nuoc": "flood",
    "moi-truong": "rubbish",
    "nong-nghiep-thien-tai": "flood",
    "an-ninh": "lamp",
}


def scene_for(group_id: str) -> str:
    """The scene nearest to a group of categories; a street where none fits better."""
    return _OF_GROUP.get(group_id, "pothole")


def draw(name: str, seed: int, *, mended: bool) -> bytes:
    """JPEG bytes of one variation. CPU work, about 0.2 s."""
    return scene(name, seed, mended=mended)
