"""Server-drawn maps: the outline of each department, and marks that a finger or a key can reach."""

import json
from dataclasses import dataclass
from functools import lru_cache
from math import cos, hypot, pi, sin, sqrt
from pathlib import Path

from app.geo import Frame
from app.services.directory import Entry

OUTLINES = Path(__file__).parents[1] / "data" / "outlines.json"
TOUCH = 52.0  # units between two marks: 25 px where the 600 units of a map are drawn 290 px wide, on a small phone
SPREAD_UP_TO = 3  # so many councils close together are set apart; more make a group that opens a closer map
SMALLEST = 0.03  # degrees of longitude, without the margins, of the closest map
MARGIN = 0.2  # of the map of a group, as a share of its sides
# Where a closer map would show hardly more, councils are set apart however many; the sides of an address are rounded.
CLOSEST = SMALLEST * (1 + 2 * MARGIN) * 1.1
GOLDEN_ANGLE = pi * (3 - sqrt(5))


@dataclass(frozen=True)
class Mark:
    """What is drawn at (x, y): a council, or a group of them with the `frame` of its own map.

    `places` are the true places of the councils, in the same order; `is_moved` tells that a council was set apart
    from its neighbours.
    """

    x: int
    y: int
    entries: tuple[Entry, ...]
    places: tuple[tuple[int, int], ...]
    frame: Frame | None = None

    @property
    def is_moved(self) -> bool:
        (x, y) = self.places[0]
        return self.frame is None and hypot(self.x - x, self.y - y) > TOUCH / 6


@lru_cache(maxsize=1)
def outlines() -> dict:
    """Return the outlines of France: see `app/data/SOURCES.md`."""
    return json.loads(OUTLINES.read_text(encoding="utf-8"))


def department_frame(code: str) -> Frame | None:
    """Return the frame of a department's own map, None when it has no outline."""
    shape = outlines()["departments"].get(code, {}).get("shape")
    return Frame.around([(lat, lon) for ring in shape for lon, lat in ring], margin=0.04) if shape else None


def outline_path(code: str, frame: Frame) -> str:
    """Return the SVG path of a department in the units of `frame`."""
    rings = []
    for ring in outlines()["departments"][code]["shape"]:
        points = [frame.project(lat, lon) for lon, lat in ring]
        rings.append("M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in points) + "z")
    return "".join(rings)


def marks(entries: list[Entry], frame: Frame) -> list[Mark]:
    """Return marks at least `TOUCH` apart for these councils, as far as the frame has room."""
    clusters = _clusters([(*frame.project(e.latitude, e.longitude), e) for e in entries if e.latitude is not None])
    together = frame.east - frame.west < CLOSEST
    spots, members = [], []
    for cluster in clusters:
        x, y = _centre(cluster)
        if len(cluster) > SPREAD_UP_TO and not together:
            spots.append([x, y])
            members.append(cluster)
            continue
        for rank, point in enumerate(cluster):
            radius = TOUCH * 0.56 * sqrt(rank + (len(cluster) > 1))  # a sunflower: even, whatever the number
            spots.append([x + radius * cos(rank * GOLDEN_ANGLE), y + radius * sin(rank * GOLDEN_ANGLE)])
            members.append([point])
    _push_apart(spots, frame)
    return [_mark(spot, cluster) for spot, cluster in zip(spots, members, strict=True)]


def _mark(spot, cluster):
    places = tuple((round(x), round(y)) for x, y, _ in cluster)
    entries = tuple(entry for *_, entry in cluster)
    return Mark(round(spot[0]), round(spot[1]), entries, places, _frame_of(cluster) if len(cluster) > 1 else None)


def frame_code(frame: Frame) -> str:
    """Write a frame as a part of an address: south, west, north, east in thousandths of a degree."""
    return ",".join(f"{side:.3f}" for side in (frame.south, frame.west, frame.north, frame.east))


def read_frame(code: str) -> Frame:
    """Return the frame that `frame_code` wrote. Raises `ValueError` when no map can have these sides."""
    south, west, north, east = map(float, code.split(","))
    if not (-90 < south < north < 90 and -180 <= west < east <= 180 and 0.005 < (east - west) / (north - south) < 200):
        raise ValueError("no such frame")
    return Frame(south, west, north, east)


def _centre(cluster):
    return sum(x for x, *_ in cluster) / len(cluster), sum(y for _, y, *_ in cluster) / len(cluster)


def _clusters(points):
    """Gather points whose centres are closer than `TOUCH`."""
    clusters = [[point] for point in points]
    while True:
        gathered: list[tuple[float, float, list]] = []
        for cluster in clusters:
            x, y = _centre(cluster)
            near = next((g for g in gathered if hypot(g[0] - x, g[1] - y) < TOUCH), None)
            if near:
                near[2].extend(cluster)
            else:
                gathered.append((x, y, list(cluster)))
        if len(gathered) == len(clusters):
            return clusters
        clusters = [cluster for *_, cluster in gathered]


def _frame_of(cluster):
    return Frame.around([(e.latitude, e.longitude) for *_, e in cluster], MARGIN, SMALLEST)


def _push_apart(spots, frame):
    """Move spots, two by two, until none is too close to another; a frame too full ends as even as it can be."""
    for _ in range(60):
        calm = True
        for i, a in enumerate(spots):
            for b in spots[i + 1 :]:
                dx, dy = b[0] - a[0], b[1] - a[1]
                if abs(dx) >= TOUCH or abs(dy) >= TOUCH:
                    continue
                gap = hypot(dx, dy)
                if gap < TOUCH - 0.5:
                    calm = False
                    push = (TOUCH - gap) / 2 / (gap or 1)
                    dx, dy = (dx, dy) if gap else (1.0, 0.3)
                    a[0], a[1], b[0], b[1] = a[0] - dx * push, a[1] - dy * push, b[0] + dx * push, b[1] + dy * push
        for spot in spots:
            spot[0] = min(max(spot[0], TOUCH / 2), frame.width - TOUCH / 2)
            spot[1] = min(max(spot[1], TOUCH / 2), frame.height - TOUCH / 2)
        if calm:
            return
