"""What other slices use of places: communes, what a look-up finds, and coordinates as people send them."""

from msgspec import Struct

from app.places.coordinates import check_point, parse_coordinates
from app.places.dataset import Commune
from app.places.maplinks import MapLink, find_map_link

__all__ = ["Candidate", "Commune", "Located", "MapLink", "check_point", "find_map_link", "parse_coordinates"]


class Candidate(Struct, frozen=True):
    """A commune that may be meant.

    ``distance_m``: from the point asked about, 0 inside, None when no point was given.
    ``score``: 0 to 1, for ordering only. ``approximate``: False only when nothing else can be meant.
    ``former``: the unit before July 2025 that led here ("Phường 5, Thành phố Cà Mau"), None when the commune's own
    name did.
    """

    commune: Commune
    distance_m: float | None
    score: float
    approximate: bool
    former: str | None = None


class Located(Struct, frozen=True):
    """Where a point is. ``commune`` None: too far from every commune to name one; ``candidates`` are the nearest.

    ``candidates``: at most three, best first; just the one when ``approximate`` is False.
    """

    commune: Commune | None
    approximate: bool
    candidates: tuple[Candidate, ...]
    lat: float
    lon: float
