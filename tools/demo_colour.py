"""Coloured phantoms: an ultrasound clip with Doppler, the back of an eye, and the tracer in a body."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from demo_anatomy import Field, blur, draw_tube, edge, ellipse, smooth_noise, vessel_tree

Picture = NDArray[np.uint8]

US_ROWS, US_COLUMNS = 480, 640
US_MM_PER_PIXEL = 0.35
_APEX = (320.0, 34.0)
_NEAR, _FAR, _HALF_ANGLE = 14.0, 424.0, 0.68


def ultrasound_frame(index: int, count: int, seed: int) -> Picture:
    """An apical view of a beating heart, with colour flow through its mitral valve; (rows, columns, 3)."""
    y, x = np.mgrid[0:US_ROWS, 0:US_COLUMNS].astype(np.float32)
    dx, dy = x - _APEX[0], y - _APEX[1]
    depth, angle = np.hypot(dx, dy), np.arctan2(dx, dy)
    fan = edge(np.abs(angle) - _HALF_ANGLE, 0.004) * edge(depth - _FAR, 1) * edge(-(depth - _NEAR), 1)
    beat = 0.5 - 0.5 * np.cos(2 * np.pi * index / count)
    squeeze = 1 - 0.20 * beat
    ventricle = ellipse((dx, -38, 62 * squeeze), (dy, 150 + 8 * beat, 118 * (1 - 0.12 * beat)))
    right = ellipse((dx, 78, 42 * squeeze), (dy, 165 + 8 * beat, 92))
    atrium = ellipse((dx, -48, 62 * (1 + 0.12 * beat)), (dy, 322, 52))
    right_atrium = ellipse((dx, 74, 54 * (1 + 0.1 * beat)), (dy, 316, 50))
    wall = np.minimum(np.minimum(ventricle - 24 - 9 * beat, right - 11), np.minimum(atrium - 9, right_atrium - 9))
    echo = 0.13 + 0.42 * edge(wall, 3) + 0.35 * np.exp(-(((wall + 2) / 4) ** 2))
    for cavity in (ventricle, right, atrium, right_atrium):
        echo *= 1 - 0.94 * edge(cavity, 2.5)
    valve = np.zeros_like(x)
    gape = 26 * (1 - beat)
    for hinge, sign in ((-92, 1), (8, -1)):
        tip = (_APEX[0] + hinge + sign * (46 - gape), _APEX[1] + 252 - 18 * (1 - beat))
        draw_tube(valve, np.array([(_APEX[0] + hinge, _APEX[1] + 272), tip]), np.array([4.0, 3.0]), 0.16)
    for hinge, sign in ((28, 1), (118, -1)):
        tip = (_APEX[0] + hinge + sign * (40 - gape * 0.8), _APEX[1] + 252 - 14 * (1 - beat))
        draw_tube(valve, np.array([(_APEX[0] + hinge, _APEX[1] + 268), tip]), np.array([3.5, 2.5]), 0.14)
    echo = np.maximum(echo, np.minimum(valve, 0.9))
    speckle = _speckle(depth, angle, seed, index)
    grey = np.clip(echo * speckle * (1.05 - 0.0011 * depth), 0, 1) ** 0.62 * 235
    grey = blur(grey * fan, 0.6) * fan
    rgb = np.repeat(np.clip(grey, 0, 255)[:, :, None], 3, axis=2)
    _doppler(rgb, dx, dy, depth, angle, beat, index, seed)
    _frame_marks(rgb, beat, index, count)
    return np.clip(rgb, 0, 255).astype(np.uint8)


def _speckle(depth: Field, angle: Field, seed: int, index: int) -> Field:
    noise = [
        smooth_noise((432, 256), 3.2, seed + part) + 0.30 * smooth_noise((432, 256), 3.2, seed + 50 + 2 * index + part) for part in (0, 1)
    ]
    amplitude = np.hypot(noise[0], noise[1]) / 1.3
    row = np.clip(depth, 0, 431).astype(np.int32)
    column = np.clip((angle / _HALF_ANGLE * 0.5 + 0.5) * 255, 0, 255).astype(np.int32)
    return amplitude[row, column]


def _doppler(rgb: Field, dx: Field, dy: Field, depth: Field, angle: Field, beat: float, index: int, seed: int) -> None:
    box = (np.abs(angle + 0.16) < 0.26) & (depth > 150) & (depth < 350)
    swirl = smooth_noise((US_ROWS, US_COLUMNS), 34, seed + 90 + index // 2)
    inflow = np.exp(-(((dx + 42 + 0.08 * (dy - 250)) / (20 + 0.10 * np.abs(dy - 260))) ** 2)) * np.exp(-(((dy - 215) / 75) ** 2))
    velocity = (1.5 * (1 - beat) - 0.9 * beat) * inflow * (1 + 0.25 * swirl)
    shown = box & (np.abs(velocity) > 0.22)
    strength = np.clip(np.abs(velocity), 0, 1)[:, :, None]
    towards = np.concatenate([150 + 105 * strength, 230 * np.clip(strength - 0.35, 0, 1), 20 * strength], axis=2)
    away = np.concatenate([10 * strength, 200 * np.clip(strength - 0.35, 0, 1), 150 + 105 * strength], axis=2)
    rgb[shown] = np.where(velocity[:, :, None] > 0, towards, away)[shown]
    border = np.zeros(depth.shape, np.float32)
    border += ((np.abs(np.abs(angle + 0.16) - 0.26) * depth < 1.0) & (depth > 150) & (depth < 350)).astype(np.float32)
    border += ((np.abs(depth - 150) < 0.8) | (np.abs(depth - 350) < 0.8)) * (np.abs(angle + 0.16) < 0.26)
    rgb[border > 0] = (190, 190, 190)


def _frame_marks(rgb: Field, beat: float, index: int, count: int) -> None:
    for step in range(9):
        row = int(_APEX[1] + step * 20 / US_MM_PER_PIXEL / 1.2)
        if row < US_ROWS - 6:
            rgb[row : row + 2, 612 : 624 if step % 5 == 0 else 619] = 200
    for row in range(128):
        share = abs(64 - row) / 64
        colour = (120 + 135 * share, 200 * max(share - 0.35, 0), 10) if row < 64 else (10, 200 * max(share - 0.35, 0), 120 + 135 * share)
        rgb[60 + row, 20:34] = colour if share > 0.06 else (0, 0, 0)
    time_axis = np.arange(US_COLUMNS)
    beats = (time_axis / US_COLUMNS * 3) % 1.0
    trace = (
        452
        - 22 * np.exp(-(((beats - 0.15) / 0.018) ** 2))
        - 4 * np.exp(-(((beats - 0.05) / 0.03) ** 2))
        - 7 * np.exp(-(((beats - 0.42) / 0.06) ** 2))
    )
    rgb[np.clip(trace, 0, US_ROWS - 1).astype(int), time_axis] = (60, 220, 90)
    cursor = int((index / count + 1) / 3 * US_COLUMNS)
    rgb[424:474, cursor : cursor + 2] = (230, 230, 90)


def retina(rows: int, columns: int, seed: int) -> Picture:
    """The back of a right eye; (rows, columns, 3)."""
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    cx, cy, radius = columns / 2, rows / 2, rows * 0.47
    distance = np.hypot(x - cx, y - cy)
    light = np.clip(1.08 - 0.55 * (distance / radius) ** 2 + 0.05 * smooth_noise((rows, columns), rows / 4, seed, octaves=4), 0, 1.2)
    red, green, blue = 212 * light, 104 * light, 46 * light
    choroid = smooth_noise((rows, columns), rows / 28, seed + 1, octaves=2)
    green += 5 * choroid
    red += 4 * choroid
    macula = np.exp(-(((x - cx + radius * 0.30) ** 2 + (y - cy - radius * 0.05) ** 2) / (radius * 0.17) ** 2))
    red, green, blue = red * (1 - 0.25 * macula), green * (1 - 0.45 * macula), blue * (1 - 0.4 * macula)
    disc_x, disc_y = cx + radius * 0.42, cy
    layer, veins = np.zeros((rows, columns), np.float32), np.zeros((rows, columns), np.float32)
    for number, (angle, reach) in enumerate(((-2.0, 0.32), (2.0, 0.32), (-1.0, 0.26), (1.0, 0.26), (-2.65, 0.16), (2.65, 0.16))):
        for target, width, offset in ((veins, 5.2, 0.0), (layer, 3.4, 0.16)):
            for points, radii, _ in vessel_tree(
                (disc_x, disc_y), angle + offset, radius * reach, width * rows / 768, seed + number * 3, depth=5, wiggle=0.28
            ):
                draw_tube(target, points, radii, 768 / rows, joined=True)
    disc = edge(ellipse((x, disc_x, radius * 0.125), (y, disc_y, radius * 0.14)), 4)
    cup = edge(ellipse((x, disc_x - 4, radius * 0.05), (y, disc_y, radius * 0.055)), 5)
    for share in (disc * 0.62, cup * 0.6):
        red, green, blue = red + (250 - red) * share, green + (206 - green) * share, blue + (130 - blue) * share
    for target, strength in ((veins, 0.062), (layer, 0.062)):
        shade = np.exp(-strength * blur(target, 0.8))
        green, red, blue = green * shade, red * (0.45 + 0.55 * shade), blue * shade
    generator = np.random.default_rng(seed + 8)
    grain = generator.normal(0, 1.6, (rows, columns, 1))
    inside = edge(distance - radius, 2)[:, :, None]
    return np.clip((np.stack([red, green, blue], axis=2) + grain) * inside, 0, 255).astype(np.uint8)


def tracer(z: float, size: int, fov_mm: float, seed: int) -> Field:
    """FDG in a torso, z in millimetres from its middle upwards: standardised uptake values, (size, size), attenuation in mind."""
    axis = (np.arange(size, dtype=np.float32) - (size - 1) / 2) * (fov_mm / size)
    x, y = np.meshgrid(axis, axis)
    waist = 1 - 0.12 * np.exp(-(((z + 40) / 70) ** 2))
    body = ellipse((x, 0, 172 * waist), (y, 0, 112 * waist))
    uptake = 0.55 * edge(body, 3) + 0.15 * np.exp(-(((body + 5) / 6) ** 2))
    for sign in (-1, 1):
        lung = ellipse((x, sign * 78, 60), (y, -2, 78), (np.full_like(x, z), 130, 128))
        uptake = uptake * (1 - 0.62 * edge(lung, 4))
    organs = (
        ((42, 34), (-38, 40), (96, 44), 3.6, 0.62),
        ((-72, 74), (-8, 76), (-34, 62), 2.2, 0.0),
        ((84, 30), (30, 36), (-40, 44), 1.9, 0.0),
        ((70, 24), (44, 22), (-110, 44), 3.2, 0.55),
        ((-70, 24), (44, 22), (-118, 44), 3.2, 0.55),
        ((0, 18), (62, 18), (0, 400), 1.5, 0.0),
    )
    for (ox, ax), (oy, ay), (oz, az), value, hollow in organs:
        shape = ellipse((x, ox, ax), (y, oy, ay), (np.full_like(x, z), oz, az))
        uptake += (value - 0.55) * edge(shape, 3)
        if hollow:
            uptake -= (value - 1.2) * edge(ellipse((x, ox, ax * hollow), (y, oy, ay * hollow), (np.full_like(x, z), oz, az * hollow)), 3)
    gut = smooth_noise((size, size), 10, seed + round(z / 12), octaves=2)
    belly = ellipse((x, 0, 110), (y, -30, 60), (np.full_like(x, z), -150, 80))
    uptake += np.clip(gut, 0, 2) * 0.8 * edge(belly, 6)
    for ox, oy, oz, radius, value in ((-96, -26, 118, 11, 9.5), (-22, 6, 92, 9, 6.0), (-84, 8, -22, 10, 7.5), (6, 58, -60, 9, 6.5)):
        uptake += value * edge(ellipse((x, ox, radius), (y, oy, radius), (np.full_like(x, z), oz, radius)), 3)
    return blur(uptake.astype(np.float32), 1.3)
