"""The commune as a small drawing with the pin in it, for paper. Pure."""

from math import cos, radians

import shapely

from app.places.geo import LAT_M, LON_M

_SIDE = 200.0
_MARGIN = 10.0
_POINTS = 160


def sketch(shape: shapely.Geometry | None, lat: float | None, lon: float | None) -> str:
    """An SVG; "" when the boundary is not known. Without a point, or with one outside, there is no pin."""
    if shape is None:
        return ""
    west, south, east, north = shapely.bounds(shape).tolist()
    across = LON_M * cos(radians((south + north) / 2))
    scale = (_SIDE - 2 * _MARGIN) / max((east - west) * across, (north - south) * LAT_M, 1.0)
    width, height = (east - west) * across * scale + 2 * _MARGIN, (north - south) * LAT_M * scale + 2 * _MARGIN

    def place(x: float, y: float) -> tuple[float, float]:
        return round(_MARGIN + (x - west) * across * scale, 1), round(height - _MARGIN - (y - south) * LAT_M * scale, 1)

    simple = shapely.simplify(shape, shapely.length(shape) / _POINTS / 4)
    rings = [shapely.get_exterior_ring(part) for part in shapely.get_parts(simple)]
    path = "".join(
        "M" + "L".join("{:g} {:g}".format(*place(x, y)) for x, y in shapely.get_coordinates(ring)) + "Z"
        for ring in rings
        if ring is not None
    )
    drawn = f'<path d="{path}" fill="#e3f2ec" stroke="#0b6b5d" stroke-width="1.5" stroke-linejoin="round"/>'
    if lat is not None and lon is not None and west <= lon <= east and south <= lat <= north:
        x, y = place(lon, lat)
        drawn += f'<path d="M{x:g} {y:g}l-8-14a9 9 0 1 1 16 0z" fill="#b5470f" stroke="#fff" stroke-width="1.5"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}">{drawn}</svg>'
