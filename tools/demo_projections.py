"""What X-rays see: a chest, a breast, and coronary arteries filling with contrast."""

from __future__ import annotations

import numpy as np

from demo_anatomy import Branch, Field, blur, curve, draw_tube, edge, ellipse, smooth_noise, vessel_tree


def _grid(rows: int, columns: int) -> tuple[Field, Field]:
    """x from -1 to 1 across, y in the same unit down, 0 in the middle."""
    x = (np.arange(columns, dtype=np.float32) - (columns - 1) / 2) / (columns / 2)
    y = (np.arange(rows, dtype=np.float32) - (rows - 1) / 2) / (columns / 2)
    across, down = np.meshgrid(x, y)
    return across, down


def _thickness(distance: Field, size: float) -> Field:
    """Chord through a rounded body, 0 outside, 1 in its middle."""
    inside = np.clip(-distance / size, 0, 1)
    return np.sqrt(np.clip(1 - (1 - inside) ** 2, 0, 1)).astype(np.float32)


def chest(rows: int, columns: int, seed: int, *, nodule: bool) -> Field:
    """Posterior-anterior, the patient's right on the left: attenuation, 0 for air, about 1 for the middle of the body."""
    x, y = _grid(rows, columns)
    side = np.abs(x)
    torso = np.minimum(
        np.minimum(ellipse((x, 0, 0.90), (y, 0.55, 1.35)), ellipse((x, 0, 0.95), (y, -0.30, 0.66))), ellipse((x, 0, 0.93), (y, 0.1, 1.2))
    )
    neck = np.maximum(side - 0.23 - 0.9 * np.clip(y + 1.0, 0, 0.3) ** 1.2, y + 0.5)
    body = np.minimum(torso, neck)
    image = 0.62 * _thickness(body, 0.32) + 0.10 * edge(body, 0.02)
    image += 0.14 * edge(ellipse((side, 0.9, 0.34), (y, -0.42, 0.5)), 0.05) * edge(body, 0.02)
    image *= 1 + 0.02 * smooth_noise((rows, columns), columns / 9, seed, octaves=3)
    lungs = _lungs(x, y)
    image -= 0.50 * lungs
    _lung_vessels(image, x, y, lungs, seed)
    _heart_and_great_vessels(image, x, y, seed)
    _spine(image, x, y)
    _ribs(image, rows, columns)
    _shoulders(image, rows, columns)
    stomach = ellipse((x, 0.42, 0.13), (y, 0.70, 0.07))
    image -= 0.16 * edge(stomach, 0.012)
    if nodule:
        image += 0.16 * _thickness(ellipse((x, -0.46, 0.055), (y, -0.235, 0.050)), 0.05)
    # The detector saturates: the middle must not outshine everything.
    return blur(1.15 * (1 - np.exp(-1.25 * np.clip(image, 0, None))), columns / 1400)


def _lungs(x: Field, y: Field) -> Field:
    right = np.maximum(ellipse((x, -0.40, 0.34), (y, -0.02, 0.82)), 0)
    left = ellipse((x, 0.41, 0.33), (y, 0.0, 0.80))
    dome_right = y - 0.47 + 0.85 * (x + 0.38) ** 2
    dome_left = y - 0.53 + 0.85 * (x - 0.42) ** 2
    right = np.maximum(ellipse((x, -0.40, 0.34), (y, -0.02, 0.82)), dome_right)
    left = np.maximum(left, dome_left)
    fall = 0.62 + 0.38 * np.clip(1.1 - 0.5 * np.abs(y + 0.1), 0, 1)
    shades = [np.clip(edge(lung, 0.008) * (0.55 + 0.45 * _thickness(lung, 0.2)), 0, 1) for lung in (right, left)]
    return ((shades[0] + shades[1]) * fall).astype(np.float32)


def _lung_vessels(image: Field, x: Field, y: Field, lungs: Field, seed: int) -> None:
    rows, columns = image.shape
    layer = np.zeros_like(image)
    unit = columns / 2
    generator = np.random.default_rng(seed + 5)
    for sign in (-1, 1):
        root = (columns / 2 + sign * 0.13 * unit, rows / 2 - 0.02 * unit)
        for number, angle in enumerate(np.linspace(-1.25, 1.25, 9)):
            heading = angle if sign > 0 else np.pi - angle
            reach = 0.19 * unit * generator.uniform(0.85, 1.2)
            for points, radii, _ in vessel_tree(root, heading, reach, 0.017 * unit, seed + number * 7 + (sign > 0), depth=4, wiggle=0.2):
                draw_tube(layer, points, radii, 1.0 / unit, joined=True)
    image += 4.2 * layer * np.clip(lungs * 1.6, 0, 1)
    image += 0.012 * smooth_noise((rows, columns), columns / 90, seed + 3, octaves=3) * lungs


def _heart_and_great_vessels(image: Field, x: Field, y: Field, seed: int) -> None:
    heart = ellipse((x - 0.42 * (y - 0.20), 0.13, 0.235), (y, 0.20, 0.33)) + 0.02 * np.sin(7 * y)
    atrium = ellipse((x, -0.09, 0.14), (y, 0.20, 0.21))
    mediastinum = np.maximum(np.abs(x) - 0.12 - 0.03 * np.cos(5 * y), y - 0.5)
    knob = ellipse((x, 0.11, 0.085), (y, -0.30, 0.085))
    aorta = np.maximum(np.abs(x - 0.085 + 0.03 * y) - 0.045, np.maximum(-0.3 - y, y - 0.75))
    for shape, strength, soft in (
        (heart, 0.27, 0.010),
        (atrium, 0.12, 0.012),
        (mediastinum, 0.17, 0.02),
        (knob, 0.10, 0.012),
        (aorta, 0.06, 0.006),
    ):
        image += strength * edge(shape, soft) * (0.6 + 0.4 * _thickness(shape, 0.15))
    trachea = np.maximum(np.abs(x + 0.012) - 0.036, y + 0.22)
    image -= 0.10 * edge(trachea, 0.008)
    for sign in (-1, 1):
        bronchus = np.maximum(np.abs(x * sign - 0.02 - 0.75 * (y + 0.22)) - 0.035, np.maximum(-0.22 - y, y + 0.10))
        image -= 0.05 * edge(bronchus, 0.008)
        hilum = ellipse((x * sign, 0.17, 0.07), (y, -0.03, 0.11))
        image += 0.07 * edge(hilum, 0.03)


def _spine(image: Field, x: Field, y: Field) -> None:
    half = 0.072 + 0.012 * y
    column = edge(np.abs(x) - half, 0.006)
    phase = (y + 3) / (0.125 + 0.012 * y) % 1.0
    disc = np.exp(-(((phase - 0.5) / 0.10) ** 2))
    image += column * (0.075 - 0.04 * disc)
    image += 0.05 * np.exp(-(((np.abs(x) - 0.75 * half) / 0.016) ** 2)) * np.exp(-(((phase - 0.02) / 0.12) ** 2))
    image += 0.05 * np.exp(-((x / 0.014) ** 2)) * np.exp(-(((phase - 0.15) / 0.14) ** 2))


def _ribs(image: Field, rows: int, columns: int) -> None:
    unit, cx, cy = columns / 2, columns / 2, rows / 2
    for number in range(10):
        top = -0.80 + 0.128 * number
        width = 0.46 + 0.40 * np.sin(min(number + 0.6, 7.0) / 7.0 * np.pi / 2)
        for sign in (-1, 1):
            behind = curve((0.08, top + 0.02), (0.30 * width + 0.1, top - 0.055), (0.78 * width, top + 0.04), (0.98 * width, top + 0.22))
            before = curve((0.98 * width, top + 0.22), (0.90 * width, top + 0.42), (0.62 * width, top + 0.52), (0.30, top + 0.57))
            for line, radius, strength in ((behind, 0.033, 2.3), (before, 0.028, 1.35)):
                if number > 7 and line is before:
                    continue
                points = np.column_stack([cx + sign * line[:, 0] * unit, cy + line[:, 1] * unit])
                layer = np.zeros_like(image)
                draw_tube(layer, points, np.full(len(points), radius * unit), 1 / unit, hollow=0.80)
                image += strength * blur(layer, unit / 400)


def _shoulders(image: Field, rows: int, columns: int) -> None:
    unit, cx, cy = columns / 2, columns / 2, rows / 2
    for sign in (-1, 1):
        clavicle = curve((0.06, -0.68), (0.25, -0.76), (0.48, -0.80), (0.72, -0.90))
        blade = curve((0.70, -0.86), (0.80, -0.55), (0.70, -0.22), (0.62, -0.08))
        arm = curve((0.88, -0.84), (0.99, -0.4), (1.08, 0.2))
        for line, radius, strength in ((clavicle, 0.034, 2.4), (blade, 0.024, 1.5), (arm, 0.075, 1.0)):
            points = np.column_stack([cx + sign * line[:, 0] * unit, cy + line[:, 1] * unit])
            layer = np.zeros_like(image)
            draw_tube(layer, points, np.full(len(points), radius * unit), 1 / unit, hollow=0.78)
            image += strength * layer


def breast(rows: int, columns: int, seed: int, *, oblique: bool, mass: bool) -> Field:
    """Chest wall on the left: attenuation, 0 for air. The right breast is this one mirrored."""
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    x, y = x / columns, (y - rows / 2) / columns
    droop = 0.10 if oblique else 0.0
    shape = ellipse((x, -0.06, 0.82), (y - droop * (1 - x), 0.06 if oblique else 0.0, 0.66))
    muscle = x * 1.35 + (y + 0.62) * 0.9 - 0.42 if oblique else np.full_like(x, 1.0)
    thick = np.clip(-shape / 0.13, 0, 1) ** 0.5
    image = 0.34 * thick
    depth = np.clip(-shape / 0.5, 0, 1)
    centre = np.exp(-(((x - 0.36) / 0.30) ** 2) - ((y - droop * 0.6) / 0.34) ** 2)
    clouds = smooth_noise((rows, columns), columns / 7, seed, octaves=5)
    strands = 1 - np.abs(smooth_noise((rows, columns), columns / 11, seed + 1, octaves=5)) * 0.6
    fan = np.cos(9 * np.arctan2(y - droop * 0.5, 0.80 - x) + 2.2 * smooth_noise((rows, columns), columns / 6, seed + 2)) * 0.5 + 0.5
    glandular = np.clip(centre * (0.55 + 0.55 * clouds + 0.40 * fan), 0, 1.3)
    image += (
        thick * (0.30 * glandular * np.clip(strands, 0.2, 1.2) + 0.05 * np.clip(strands, -1, 1) + 0.025 * clouds) * np.clip(depth * 4, 0, 1)
    )
    image += 0.09 * np.exp(-(((shape + 0.010) / 0.006) ** 2))
    nipple = ellipse((x, 0.765, 0.035), (y - droop * 0.22, 0.012 if oblique else 0.0, 0.028))
    image += 0.16 * edge(nipple, 0.006)
    image += 0.36 * edge(muscle, 0.012) * edge(shape, 0.01) * (1 + 0.05 * strands)
    generator = np.random.default_rng(seed + 9)
    layer = np.zeros_like(image)
    for _ in range(7):
        start = (columns * 0.02, rows * generator.uniform(0.25, 0.75))
        for points, radii, _ in vessel_tree(
            start, generator.uniform(-0.5, 0.5), columns * 0.24, columns * 0.0045, int(generator.integers(1 << 30)), depth=3
        ):
            draw_tube(layer, points, radii, 1 / columns, joined=True)
    image += 5.0 * layer * thick * 0.8
    if mass:
        cx, cy = 0.40, -0.10 + droop * 0.4
        spikes = smooth_noise((rows, columns), columns / 40, seed + 4) * 0.006
        tumour = np.sqrt((x - cx) ** 2 + (y - cy) ** 2) - 0.040 + spikes
        image += 0.20 * edge(tumour, 0.006)
        for angle in generator.uniform(0, 2 * np.pi, 22):
            reach = generator.uniform(0.05, 0.085)
            ends = np.array([(cx, cy), (cx + reach * np.cos(angle), cy + reach * np.sin(angle))])
            draw_tube(image, np.column_stack([ends[:, 0] * columns, ends[:, 1] * columns + rows / 2]), np.array([2.2, 0.8]), 0.018)
        for _ in range(26):
            px, py = generator.normal(cx + 0.03, 0.022), generator.normal(cy + 0.03, 0.018)
            spot = np.array(
                [(px * columns, py * columns + rows / 2), (px * columns + generator.uniform(0, 4), py * columns + rows / 2 + 1)]
            )
            draw_tube(image, spot, np.full(2, generator.uniform(0.9, 1.9)), 0.10)
    return np.where(shape < 0.02, np.clip(image, 0, None), np.clip(image, 0, None) * edge(shape - 0.02, 0.004)).astype(np.float32)


class Coronaries:
    """A left coronary tree over a faint heart, spine and diaphragm; contrast runs in, reaches the ends and washes out."""

    def __init__(self, size: int, seed: int) -> None:
        self._size, self._seed = size, seed
        trunk = (size * 0.30, size * 0.24)
        self._branches: list[Branch] = []
        for angle, reach, radius, offset in ((0.42, 0.20, 5.4, 1), (1.05, 0.19, 5.0, 2), (0.78, 0.13, 3.4, 3)):
            self._branches += vessel_tree(trunk, angle, size * reach, radius, seed + offset, depth=4, wiggle=0.22)
        x, y = _grid(size, size)
        self._still = 0.30 + 0.10 * edge(np.abs(x + 0.52 + 0.1 * y) - 0.20, 0.02) + 0.25 * edge(-(y - 0.55 - 0.25 * (x - 0.2) ** 2), 0.03)
        self._still += 0.12 * edge(ellipse((x, 0.1, 0.8), (y, 0.15, 0.72)), 0.08)
        self._still += 0.02 * smooth_noise((size, size), size / 7, seed, octaves=4)

    def frame(self, index: int, count: int) -> Field:
        """Attenuation of frame `index`."""
        size = self._size
        phase = 2 * np.pi * index / 15
        beat = 0.5 - 0.5 * np.cos(phase)
        layer = np.zeros((size, size), np.float32)
        centre = np.array([size * 0.55, size * 0.55])
        squeeze, turn = 1 - 0.055 * beat, 0.035 * beat
        rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) * squeeze
        arrival = index / count * 1.9 * size
        washed = np.clip((index / count - 0.62) / 0.38, 0, 1)
        for points, radii, travelled in self._branches:
            filled = np.clip((arrival - travelled) / (0.12 * size), 0, 1) * (1 - 0.85 * washed * np.clip(1 - travelled / size, 0.3, 1))
            if filled <= 0.02:
                continue
            moved = (points - centre) @ rotation.T + centre + np.array([3.0 * beat, 5.0 * beat])
            draw_tube(layer, moved, radii * 1.25, 0.040 * float(filled), joined=True)
        catheter = curve((0.02, 0.42), (0.10, 0.20), (0.20, 0.14), (0.30, 0.24), count=30) * size
        draw_tube(layer, catheter, np.full(30, 3.2), 0.018, hollow=0.55)
        shift = round(2 * beat)
        return self._still + np.minimum(blur(layer, 0.7), 0.55) * 0.8 + 0.012 * np.roll(self._still, shift, 0)
