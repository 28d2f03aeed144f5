"""Distances on a sphere."""

from math import asin, cos, radians, sin, sqrt


def kilometres(a, b):
    (lat_a, lon_a), (lat_b, lon_b) = map(radians, a), map(radians, b)
    half = sin((lat_b - lat_a) / 2) ** 2 + cos(lat_a) * cos(lat_b) * sin((lon_b - lon_a) / 2) ** 2
    return 2 * 6371 * asin(sqrt(half))
