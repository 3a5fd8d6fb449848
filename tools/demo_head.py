"""A head, as CT numbers or as MR signal: the same anatomy cut in any plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demo_anatomy import Field, NoiseBlock, blend, edge, ellipse

AIR, FAT, MUSCLE, BONE, MARROW, FLUID, GREY, WHITE, BLOOD, OEDEMA, CALCIUM = range(11)

CT_NUMBERS = {AIR: -1000, FAT: -85, MUSCLE: 48, BONE: 1150, MARROW: 520, FLUID: 6, GREY: 39, WHITE: 29, BLOOD: 72, OEDEMA: 17, CALCIUM: 190}
T1_SIGNAL = {AIR: 4, FAT: 950, MUSCLE: 330, BONE: 30, MARROW: 520, FLUID: 110, GREY: 400, WHITE: 610, BLOOD: 480, OEDEMA: 300, CALCIUM: 60}
T2_SIGNAL = {AIR: 4, FAT: 560, MUSCLE: 180, BONE: 20, MARROW: 330, FLUID: 1000, GREY: 520, WHITE: 340, BLOOD: 260, OEDEMA: 820, CALCIUM: 60}

TISSUES = len(CT_NUMBERS)


@dataclass(frozen=True)
class Head:
    """One person's head. Coordinates in millimetres from its centre: x to the patient's left, y to the back, z to the top."""

    folds: NoiseBlock
    shape: NoiseBlock
    bleeding: bool = False
    white_matter_spots: bool = False

    def tissue(self, x: Field, y: Field, z: Field) -> Field:
        """Shares of each tissue, (tissues, rows, columns)."""
        shares = np.zeros((TISSUES, *x.shape), np.float32)
        shares[AIR] = 1
        wobble = self.shape.at(x * 0.5, y * 0.5, z * 0.5)
        skin = self._outline(x, y, z) + wobble * 0.7
        self._put(shares, FAT, edge(skin))
        self._put(shares, MUSCLE, edge(skin + 3.2))
        cranium = self._cranium(x, y, z) + wobble * 0.7
        outer, inner = cranium + 6.5, cranium + 12.5 + wobble * 0.6
        self._put(shares, BONE, edge(outer))
        self._put(shares, MARROW, edge(outer + 2.0) * edge(-(inner - 2.0)) * 0.8)
        self._put(shares, FLUID, edge(inner))
        self._brain(shares, x, y, z, inner)
        self._skull_base(shares, x, y, z, inner)
        return shares

    @classmethod
    def _outline(cls, x: Field, y: Field, z: Field) -> Field:
        face = ellipse((x, 0, 62), (y, -46, 53), (z, -50, 66))
        neck = np.maximum(ellipse((x, 0, 58), (y, 10, 60)), z + 40)
        return np.minimum(cls._cranium(x, y, z), np.minimum(face, neck))

    @staticmethod
    def _cranium(x: Field, y: Field, z: Field) -> Field:
        top = ellipse((x, 0, 76), (y, 2, 96), (z, 8, 88))
        base = ellipse((x, 0, 66), (y, 14, 74), (z, -34, 42))
        return np.minimum(top, base)

    @staticmethod
    def _put(shares: Field, tissue: int, weight: Field) -> None:
        shares *= 1 - weight
        shares[tissue] += weight

    def _brain(self, shares: Field, x: Field, y: Field, z: Field, inner: Field) -> None:
        depth = -inner
        folds = self.folds.at(x, y, z)
        cerebellum = edge(z + 24 - 0.2 * (y - 30), 1.5) * edge(-(y - 8), 3)
        folds = blend(folds, self.folds.at(x * 0.7, y * 1.9, z * 2.6), cerebellum)
        above_base = edge(-(z + 42 + 0.12 * y), 2.0)
        inside = edge(inner + 1.6) * above_base
        self._put(shares, MUSCLE, edge(inner - 1) * (1 - above_base))
        ribbon = np.clip(1.15 - depth / 26, 0, 1)
        self._put(shares, GREY, inside)
        deep = edge(-(depth - 4.5 - 2.2 * np.abs(folds)), 1.2) * edge(-(np.abs(folds) - 0.30 - 0.25 * ribbon) * 6, 1.0)
        self._put(shares, WHITE, inside * np.clip(deep + edge(-(depth - 27), 3.0), 0, 1))
        sulci = edge((np.abs(folds) - 0.16 * ribbon) * 7, 0.5) * (ribbon > 0.12)
        self._put(shares, FLUID, inside * sulci * 0.9)
        fissure = edge(np.abs(x) - 0.9 - 1.1 * np.clip(1 - depth / 30, 0, 1), 0.4) * edge(depth - 42, 3) * edge(-(z - 4), 6)
        self._put(shares, FLUID, inside * fissure)
        falx = edge(np.abs(x) - 0.6, 0.3) * edge(inner + 0.5) * edge(depth - 34, 2) * edge(-(z + 2), 4)
        self._put(shares, MUSCLE, falx * 0.8)
        self._deep_structures(shares, np.abs(x), x, y, z)

    def _deep_structures(self, shares: Field, side: Field, x: Field, y: Field, z: Field) -> None:
        thalamus = ellipse((side, 12, 9), (y, 8, 15), (z, 6, 10))
        caudate = ellipse((side, 13, 6), (y, -20, 12), (z, 15, 10))
        lentiform = ellipse((side, 25, 8), (y, -5, 17), (z, 6, 10))
        for nucleus in (thalamus, caudate, lentiform):
            self._put(shares, GREY, edge(nucleus, 1.0))
        body = ellipse((side, 9 + 0.10 * np.abs(y), 5.0), (y, 2, 40), (z, 24, 9))
        front_horn = ellipse((side - 0.45 * np.clip(-y - 20, 0, 30), 6, 4.5), (y, -28, 15), (z, 14, 11))
        back_horn = ellipse((side - 0.38 * np.clip(y - 20, 0, 40), 15, 5.2), (y, 40, 19), (z, 12, 10))
        third = ellipse((side, 0, 2.4), (y, 4, 16), (z, 4, 14))
        fourth = ellipse((side, 0, 7), (y, 42, 8), (z, -30, 10))
        squeeze = edge(x - 2, 4) if self.bleeding else np.ones_like(x)
        for cavity in (body, front_horn, back_horn):
            self._put(shares, FLUID, edge(cavity, 0.8) * np.maximum(squeeze, 0.35))
        for cavity in (third, fourth):
            self._put(shares, FLUID, edge(cavity, 0.6))
        for spot in (ellipse((side, 0, 3), (y, 24, 3.5), (z, 6, 3)), ellipse((side, 17, 2.6), (y, 36, 3.2), (z, 13, 3))):
            self._put(shares, CALCIUM, edge(spot, 0.5) * 0.8)
        if self.bleeding:
            ragged = self.shape.at(x * 1.7, y * 1.7, z * 1.7) * 2.4
            clot = ellipse((x, 31, 15), (y, 2, 21), (z, 14, 17)) + ragged
            self._put(shares, OEDEMA, edge(clot - 6.5, 2.5) * 0.85)
            self._put(shares, BLOOD, edge(clot, 0.9))
        if self.white_matter_spots:
            for a, b, c, r in (
                (22, -12, 30, 4),
                (-24, 18, 28, 5),
                (19, 30, 24, 4.5),
                (-20, -24, 22, 3.5),
                (27, 8, 34, 3),
                (-17, 38, 32, 3.5),
            ):
                self._put(shares, OEDEMA, edge(ellipse((x, a, r), (y, b, r * 1.4), (z, c, r)), 0.9) * 0.9)

    def _skull_base(self, shares: Field, x: Field, y: Field, z: Field, inner: Field) -> None:
        side = np.abs(x)
        texture = self.shape.at(x * 2, y * 2, z * 2)
        petrous = ellipse((side - 0.55 * (20 - y), 34, 12), (y, 18, 13), (z, -42, 11)) + texture * 2
        self._put(shares, BONE, edge(petrous, 1.0) * 0.9)
        cells = edge((texture - 0.35) * 4, 1.0) * edge(ellipse((side, 56, 12), (y, 34, 16), (z, -44, 16)))
        self._put(shares, AIR, (1 - cells) * edge(ellipse((side, 54, 10), (y, 34, 14), (z, -46, 14)), 1.5) * 0.9)
        orbit = ellipse((side, 31, 18), (y, -66, 24), (z, -38, 18))
        self._put(shares, BONE, edge(orbit - 2.5, 0.8))
        self._put(shares, FAT, edge(orbit))
        globe = ellipse((side, 31, 12.5), (y, -72, 12.5), (z, -38, 12.5))
        self._put(shares, MUSCLE, edge(globe - 0.8, 0.5))
        self._put(shares, FLUID, edge(globe + 0.8, 0.5))
        self._put(shares, WHITE, edge(ellipse((side, 31, 5), (y, -81, 2.5), (z, -38, 5)), 0.5))
        self._put(shares, MUSCLE, edge(ellipse((side - 0.25 * (y + 60), 27, 2.4), (y, -48, 16), (z, -38, 2.6)), 0.5))
        nose = ellipse((side, 0, 11), (y, -62, 26), (z, -46, 22))
        self._put(shares, BONE, edge(nose - 1.5, 0.6))
        self._put(shares, AIR, edge(nose))
        self._put(shares, BONE, edge(side - 1.2, 0.5) * edge(nose))
        self._put(shares, BONE, edge((np.abs(side - 6) - 0.7), 0.4) * edge(nose) * 0.8)
        frontal = ellipse((side, 11, 10), (y, -84, 4.5), (z, -22, 10))
        self._put(shares, AIR, edge(frontal, 0.7))


def mixed(shares: Field, values: dict[int, int]) -> Field:
    """The tissues' values, weighted by their shares."""
    table = np.array([values[tissue] for tissue in range(TISSUES)], np.float32)
    return np.tensordot(table, shares, axes=1).astype(np.float32)


__all__ = ["CT_NUMBERS", "T1_SIGNAL", "T2_SIGNAL", "Head", "blend", "mixed"]
