"""Shapes, textures and trees from which the demo phantoms are put together. Everything is drawn from fixed seeds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]


def smooth_noise(shape: tuple[int, ...], wavelength: float, seed: int, *, octaves: int = 1) -> Field:
    """Periodic noise of mean 0 and deviation 1 around one wavelength (in samples), with weaker finer octaves."""
    generator = np.random.default_rng(seed)
    total = np.zeros(shape, np.float64)
    frequencies = np.sqrt(sum(axis**2 for axis in np.meshgrid(*(np.fft.fftfreq(size) for size in shape), indexing="ij")))
    for octave in range(octaves):
        centre = 2.0**octave / wavelength
        band = np.exp(-(((frequencies - centre) / (0.45 * centre)) ** 2))
        spectrum = np.fft.fftn(generator.standard_normal(shape)) * band
        field = np.fft.ifftn(spectrum).real
        total += field / field.std() * 0.55**octave
    return (total / total.std()).astype(np.float32)


def blur(image: Field, sigma: float) -> Field:
    """Gaussian, periodic at the borders; sigma in pixels."""
    axes = [np.fft.fftfreq(size) for size in image.shape]
    squared = sum(axis**2 for axis in np.meshgrid(*axes, indexing="ij"))
    return np.fft.ifftn(np.fft.fftn(image) * np.exp(-2 * (np.pi * sigma) ** 2 * squared)).real.astype(np.float32)


def edge(distance: Field, softness: float = 0.6) -> Field:
    """1 inside (negative distance), 0 outside, a soft step of about `softness` between; same unit as the distance."""
    return (0.5 - 0.5 * np.tanh(distance / softness)).astype(np.float32)


def ellipse(*axes: tuple[Field, float, float]) -> Field:
    """Approximate signed distance to an ellipsoid; for each axis coordinate, centre and half-axis. Negative inside."""
    scaled = np.sqrt(sum(((coordinate - centre) / half) ** 2 for coordinate, centre, half in axes))
    return ((scaled - 1) * min(half for _, _, half in axes)).astype(np.float32)


def blend(image: Field, value: Field | float, weight: Field) -> Field:
    """Puts `value` where `weight` is 1."""
    return image + (value - image) * weight


class NoiseBlock:
    """A cube of noise that can be looked up at any point, in millimetres."""

    def __init__(self, wavelength_mm: float, seed: int, *, step_mm: float = 1.6, octaves: int = 1) -> None:
        self._step = step_mm
        self._block = smooth_noise((128, 128, 128), wavelength_mm / step_mm, seed, octaves=octaves)

    def at(self, x: Field, y: Field, z: Field) -> Field:
        """Trilinear; x, y and z of one shape."""
        result = np.zeros(x.shape, np.float32)
        coordinates = [(axis / self._step).astype(np.float32) for axis in (x, y, z)]
        lower = [np.floor(axis) for axis in coordinates]
        fractions = [axis - floor for axis, floor in zip(coordinates, lower, strict=True)]
        for corner in range(8):
            weight = np.ones(x.shape, np.float32)
            index = []
            for dimension in range(3):
                upper = corner >> dimension & 1
                weight *= fractions[dimension] if upper else 1 - fractions[dimension]
                index.append((lower[dimension].astype(np.int32) + upper) % 128)
            result += weight * self._block[index[0], index[1], index[2]]
        return result


def draw_tube(
    image: Field,
    points: NDArray[np.float64],
    radii: NDArray[np.float64],
    strength: float = 1.0,
    *,
    hollow: float = 0.0,
    joined: bool = False,
) -> None:
    """Adds what rays see of a tube along a polyline: its chord, in pixels times strength; `hollow` takes away a core of that share.

    points: (n, 2), column and row; radii: (n,), pixels. Overlapping pieces of one tube do not add up.
    joined: it does not add up with what `image` already shows either, as branches do not where they meet.
    """
    rows, columns = image.shape
    depth = np.zeros_like(image)
    for (x0, y0), (x1, y1), r0, r1 in zip(points[:-1], points[1:], radii[:-1], radii[1:], strict=True):
        reach = max(r0, r1) + 2
        left, right = int(max(0, min(x0, x1) - reach)), int(min(columns, max(x0, x1) + reach + 1))
        top, bottom = int(max(0, min(y0, y1) - reach)), int(min(rows, max(y0, y1) + reach + 1))
        if left >= right or top >= bottom:
            continue
        y, x = np.mgrid[top:bottom, left:right].astype(np.float32)
        length = max((x1 - x0) ** 2 + (y1 - y0) ** 2, 1e-6)
        along = np.clip(((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length, 0, 1)
        squared = (x - x0 - along * (x1 - x0)) ** 2 + (y - y0 - along * (y1 - y0)) ** 2
        radius = r0 + (r1 - r0) * along
        chord = 2 * np.sqrt(np.maximum(radius**2 - squared, 0))
        if hollow:
            chord -= hollow * 2 * np.sqrt(np.maximum((radius * hollow) ** 2 - squared, 0))
        window = depth[top:bottom, left:right]
        np.maximum(window, chord, out=window)
    if joined:
        np.maximum(image, depth * np.float32(strength), out=image)
    else:
        image += depth * np.float32(strength)


def curve(*anchors: tuple[float, float], count: int = 40) -> NDArray[np.float64]:
    """A smooth line through the anchors (Catmull-Rom); (count, 2)."""
    points = np.array(anchors, np.float64)
    padded = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    positions = np.linspace(0, len(points) - 1 - 1e-9, count)
    result = np.empty((count, 2))
    for row, position in enumerate(positions):
        i, t = int(position), position - int(position)
        a, b, c, d = padded[i : i + 4]
        result[row] = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    return result


Branch = tuple[NDArray[np.float64], NDArray[np.float64], float]


def vessel_tree(
    start: tuple[float, float], angle: float, length: float, radius: float, seed: int, *, depth: int = 5, wiggle: float = 0.25
) -> list[Branch]:
    """A branching tree: for each branch its points (n, 2), radii (n,), and how far along the way from the root it begins (pixels)."""
    generator = np.random.default_rng(seed)
    branches: list[Branch] = []

    def grow(x: float, y: float, heading: float, reach: float, width: float, level: int, travelled: float) -> None:
        points, steps = [(x, y)], 9
        for _ in range(steps):
            heading += generator.normal(0, wiggle / 2)
            x, y = x + np.cos(heading) * reach / steps, y + np.sin(heading) * reach / steps
            points.append((x, y))
            if level > 1 and generator.random() < 0.16:
                side = heading + generator.choice([-1, 1]) * generator.uniform(0.6, 1.1)
                grow(x, y, side, reach * 0.6, width * 0.5, level - 2, travelled + reach / 2)
        branches.append((np.array(points), np.linspace(width, width * 0.72, steps + 1), travelled))
        if level > 0:
            spread = generator.uniform(0.3, 0.6)
            grow(x, y, heading - spread, reach * generator.uniform(0.68, 0.86), width * 0.7, level - 1, travelled + reach)
            grow(x, y, heading + spread, reach * generator.uniform(0.68, 0.86), width * 0.66, level - 1, travelled + reach)

    grow(start[0], start[1], angle, length, radius, depth, 0.0)
    return branches
