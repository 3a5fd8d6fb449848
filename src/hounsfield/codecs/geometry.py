"""Which part of an image is shown, how it comes to lie, and how large the picture becomes: known before any pixel is touched."""

from __future__ import annotations

from dataclasses import dataclass

from hounsfield.codecs.covering import Point
from hounsfield.codecs.picture_size import MAX_PICTURE_SIDE, picture_size
from hounsfield.codecs.presentation import Presentation, RenderRequest
from hounsfield.model.errors import InvalidInput, UndecodablePixels


@dataclass(frozen=True, slots=True)
class Geometry:
    """left, top, width, height: of the part shown, in stored pixels; it may reach beyond the image.

    quarter_turns: clockwise; then `flipped` exchanges left and right, and `upside_down` top and bottom.
    size: width and height of the picture.
    """

    left: int
    top: int
    width: int
    height: int
    quarter_turns: int
    flipped: bool
    upside_down: bool
    size: tuple[int, int]

    def within(self, rows: int, columns: int) -> bool:
        """Whether the part lies inside of an image of this size."""
        return self.left >= 0 and self.top >= 0 and self.left + self.width <= columns and self.top + self.height <= rows

    def to_picture(self, point: Point) -> Point:
        """From the image, where (0, 0) is the upper left corner of the first pixel, to the picture."""
        across, down = (point[0] - self.left) / self.width, (point[1] - self.top) / self.height
        for _ in range(self.quarter_turns % 4):
            across, down = 1 - down, across
        if self.flipped:
            across = 1 - across
        if self.upside_down:
            down = 1 - down
        return across * self.size[0], down * self.size[1]

    def from_share(self, point: Point) -> Point:
        """From shares of the area shown, as it is seen, to the picture (DISPLAY units, PS3.3 C.10.5.1.2)."""
        return point[0] * self.size[0], point[1] * self.size[1]


def geometry_of(rows: int, columns: int, presentation: Presentation, request: RenderRequest) -> Geometry:
    """rows, columns: of the stored image. Raises: InvalidInput; UndecodablePixels where a presentation state asks for the impossible."""
    left, top, width, height = 0, 0, columns, rows
    turns, flipped, upside_down = 0, False, False
    layout = presentation.layout
    if layout is not None:
        turns, flipped = layout.quarter_turns % 4, layout.flipped
        if layout.area is not None:
            first_column, first_row, last_column, last_row = layout.area
            left, top, width, height = first_column - 1, first_row - 1, last_column - first_column + 1, last_row - first_row + 1
            if not (0 < width <= MAX_PICTURE_SIDE and 0 < height <= MAX_PICTURE_SIDE):
                raise UndecodablePixels(f"the displayed area of the presentation state measures {width}x{height} pixels")
    if request.region is not None:
        column, row, across, down = request.region
        flipped ^= across is not None and across < 0
        upside_down = down is not None and down < 0
        if column >= width or row >= height or column < 0 or row < 0:
            raise InvalidInput("the region lies outside of the picture")
        left, top = left + column, top + row
        width = min(width - column, abs(across) if across is not None else width)
        height = min(height - row, abs(down) if down is not None else height)
        if not width or not height:
            raise InvalidInput("the region is empty")
    aspect_ratio = presentation.aspect_ratio
    shown_rows, shown_columns = (height, width) if turns % 2 == 0 else (width, height)
    size = picture_size(shown_rows, shown_columns, aspect_ratio if turns % 2 == 0 else 1 / aspect_ratio, request)
    return Geometry(left, top, width, height, turns, flipped, upside_down, size)
