"""Distances on the globe, and where a place falls on the site's maps."""

import math
from dataclasses import dataclass

EARTH_RADIUS_KM = 6371.0088  # mean radius, IUGG 1980


def distance_km(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return the great-circle distance in kilometres between two (latitude, longitude) in degrees (haversine)."""
    lat_a, lon_a, lat_b, lon_b = map(math.radians, (*a, *b))
    h = math.sin((lat_b - lat_a) / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, h)))


def centroid(ring: list[tuple[float, float]]) -> tuple[tuple[float, float], float]:
    """Return the centre of gravity of a ring of (x, y) and its unsigned area (shoelace formula).

    A ring without area gives the mean of its points.
    """
    # Shifted to its first point: with whole degrees far from 0, the sums would cancel badly.
    x0, y0 = ring[0]
    area = cx = cy = 0.0
    for (xa, ya), (xb, yb) in zip(ring, [*ring[1:], ring[0]], strict=True):
        cross = (xa - x0) * (yb - y0) - (xb - x0) * (ya - y0)
        area += cross
        cx += (xa + xb - 2 * x0) * cross
        cy += (ya + yb - 2 * y0) * cross
    if abs(area) < 1e-15:
        return (sum(x for x, _ in ring) / len(ring), sum(y for _, y in ring) / len(ring)), 0.0
    return (x0 + cx / (3 * area), y0 + cy / (3 * area)), abs(area) / 2


@dataclass(frozen=True)
class Frame:
    """A map rectangle in degrees, drawn `width` units wide (equirectangular at its middle latitude)."""

    south: float
    west: float
    north: float
    east: float
    width: int = 600

    @property
    def scale(self) -> float:
        """Units per degree of longitude."""
        return self.width / (self.east - self.west)

    @property
    def stretch(self) -> float:
        """Units per degree of latitude."""
        return self.scale / math.cos(math.radians((self.south + self.north) / 2))

    @property
    def height(self) -> int:
        return round((self.north - self.south) * self.stretch)

    def project(self, lat: float, lon: float) -> tuple[float, float]:
        """Return (x, y) in units, y downwards."""
        return (lon - self.west) * self.scale, (self.north - lat) * self.stretch

    def contains(self, lat: float, lon: float) -> bool:
        return self.south <= lat <= self.north and self.west <= lon <= self.east

    @classmethod
    def around(cls, points: list[tuple[float, float]], margin: float = 0.06, least: float = 0.01) -> "Frame":
        """Return the frame of these (latitude, longitude), with a margin, 0.75 to 1.3 times as tall as wide.

        `margin` is a share of the larger side, `least` the smallest side in degrees of longitude.
        """
        lats, lons = [lat for lat, _ in points], [lon for _, lon in points]
        squeeze = math.cos(math.radians((min(lats) + max(lats)) / 2))
        width = max(max(lons) - min(lons), (max(lats) - min(lats)) / squeeze / 1.3, least)
        height = max(max(lats) - min(lats), width * squeeze * 0.75)
        pad = max(width, height / squeeze) * margin
        lat, lon = (min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2
        half_w, half_h = width / 2 + pad, height / 2 + pad * squeeze
        return cls(lat - half_h, lon - half_w, lat + half_h, lon + half_w)
