"""What an object's header says about its pictures (PS3.3 C.7.6.3, C.7.6.16, C.11)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hounsfield.codecs.elements import Element, items, read_elements
from hounsfield.codecs.frame import FrameDescription, SampleKind
from hounsfield.codecs.lookup_tables import read_look_up_table, read_palette
from hounsfield.codecs.presentation import LookUpTable, Palette, Presentation, Window, WindowFunction
from hounsfield.dicom.encoding import Encoding, detect
from hounsfield.dicom.transfer_syntaxes import transfer_syntax
from hounsfield.model.errors import UndecodablePixels

_SAMPLES, _PHOTOMETRIC, _PLANAR, _FRAMES = 0x00280002, 0x00280004, 0x00280006, 0x00280008
_ROWS, _COLUMNS, _ALLOCATED, _STORED, _HIGH_BIT, _SIGN = 0x00280010, 0x00280011, 0x00280100, 0x00280101, 0x00280102, 0x00280103
_PIXEL_SPACING, _ASPECT_RATIO, _IMAGER_SPACING, _NOMINAL_SPACING = 0x00280030, 0x00280034, 0x00181164, 0x00182010
_PADDING, _PADDING_LIMIT, _FLOAT_PADDING, _DOUBLE_PADDING = 0x00280120, 0x00280121, 0x00280122, 0x00280123
_CENTER, _WIDTH, _INTERCEPT, _SLOPE, _FUNCTION = 0x00281050, 0x00281051, 0x00281052, 0x00281053, 0x00281056
_MODALITY_LUT, _VOI_LUT = 0x00283000, 0x00283010
_PALETTE = frozenset((*range(0x00281101, 0x00281104), *range(0x00281201, 0x00281204), *range(0x00281221, 0x00281224)))
_SHARED_GROUPS, _PER_FRAME_GROUPS = 0x52009229, 0x52009230
_PIXEL_MEASURES, _FRAME_VOI, _VALUE_TRANSFORMATION = 0x00289110, 0x00289132, 0x00289145
_FLOAT_PIXELS, _DOUBLE_PIXELS, _PIXELS = 0x7FE00008, 0x7FE00009, 0x7FE00010

_GREY = frozenset((_CENTER, _WIDTH, _INTERCEPT, _SLOPE, _FUNCTION, _MODALITY_LUT, _VOI_LUT))
_SPACING = frozenset((_PIXEL_SPACING, _ASPECT_RATIO, _IMAGER_SPACING, _NOMINAL_SPACING))
_GROUPS = frozenset((_PIXEL_MEASURES, _FRAME_VOI, _VALUE_TRANSFORMATION))
_WANTED = (
    _GREY
    | _SPACING
    | _PALETTE
    | {_SAMPLES, _PHOTOMETRIC, _PLANAR, _FRAMES, _ROWS, _COLUMNS, _ALLOCATED, _STORED, _HIGH_BIT, _SIGN}
    | {_PADDING, _PADDING_LIMIT, _FLOAT_PADDING, _DOUBLE_PADDING, _SHARED_GROUPS, _PER_FRAME_GROUPS}
)

_WINDOW_FUNCTIONS = {function.value: function for function in WindowFunction}

Elements = dict[int, Element]


@dataclass(frozen=True, slots=True)
class ImageDescription:
    """An image's frames: how they are coded and how they are to be shown.

    frame_count: as the header says, 1 where it says nothing.
    """

    frame_count: int
    _frame: FrameDescription
    _presentation: Presentation
    _shared: Elements
    _per_frame: tuple[memoryview, ...]
    _encoding: Encoding

    def frame(self, index: int) -> FrameDescription:
        """How frame `index` (from 0) is coded. Raises: UndecodablePixels when nothing sensible can be decoded so."""
        frame = self._frame
        frame.check()
        if frame.bits_allocated == 1 and not transfer_syntax(frame.transfer_syntax_uid).encapsulated:
            # Single bits run on across frames: most frames begin inside of a byte (PS3.5 8.1.1).
            return replace(frame, bit_offset=index * frame.pixels * frame.samples_per_pixel % 8)
        return frame

    def presentation(self, index: int = 0) -> Presentation:
        """How frame `index` (from 0) is shown: its own functional groups count before the shared ones (PS3.3 C.7.6.16.1.1)."""
        if not self._shared and not self._per_frame:
            return self._presentation
        found = dict(self._shared)
        if index < len(self._per_frame):
            found |= _functional_groups(self._per_frame[index], self._encoding)
        return _presentation(found, self._frame, self._presentation)


def describe(header: bytes | bytearray | memoryview, transfer_syntax_uid: str) -> ImageDescription:
    """Reads a data set's bytes up to Pixel Data, or better including the element header of Pixel Data (12 bytes more):
    its VR tells the byte order of 8 bit big endian pixels, its tag tells floats.

    transfer_syntax_uid: in which `header` is encoded; a deflated one must have been inflated.
    Raises: UndecodablePixels when rows, columns or bits are missing. What is present but nonsense fails in `frame(index)`.
    """
    view = memoryview(header).toreadonly()
    syntax = transfer_syntax(transfer_syntax_uid)
    encoding, _problem = detect(view, syntax.implicit_vr, syntax.little_endian)
    found = read_elements(view, encoding, _WANTED)
    frame = _frame_description(found, transfer_syntax_uid)
    presentation = _presentation(found, frame, Presentation(palette=_palette(found, frame)))
    shared: Elements = {}
    per_frame: tuple[memoryview, ...] = ()
    if _SHARED_GROUPS in found:
        for item in items(found[_SHARED_GROUPS]):
            shared = _functional_groups(item, found[_SHARED_GROUPS].encoding)
            break
    if _PER_FRAME_GROUPS in found:
        per_frame = tuple(items(found[_PER_FRAME_GROUPS]))
        encoding = found[_PER_FRAME_GROUPS].encoding
    frames = found[_FRAMES].number() if _FRAMES in found else None
    return ImageDescription(int(frames) if frames and frames >= 1 else 1, frame, presentation, shared, per_frame, encoding)


def _frame_description(found: Elements, transfer_syntax_uid: str) -> FrameDescription:
    def unsigned(tag: int, default: int | None = None) -> int:
        value = found[tag].unsigned() if tag in found else None
        if value is None:
            value = default
        if value is None:
            raise UndecodablePixels(f"({tag >> 16:04X},{tag & 0xFFFF:04X}) is missing: this object has no picture")
        return value

    allocated = unsigned(_ALLOCATED)
    kind = _sample_kind(found, allocated)
    stored = unsigned(_STORED, allocated)
    samples = unsigned(_SAMPLES, 1)
    photometric = found[_PHOTOMETRIC].text().upper() if _PHOTOMETRIC in found else ""
    pixels = found.get(_PIXELS)
    return FrameDescription(
        transfer_syntax_uid=transfer_syntax_uid,
        rows=unsigned(_ROWS),
        columns=unsigned(_COLUMNS),
        samples_per_pixel=samples,
        photometric_interpretation=photometric or ("RGB" if samples == 3 else "MONOCHROME2"),
        planar_configuration=unsigned(_PLANAR, 0),
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=unsigned(_HIGH_BIT, stored - 1 if stored else 0),
        pixel_representation=unsigned(_SIGN, 0),
        kind=kind,
        swapped_bytes=not transfer_syntax(transfer_syntax_uid).little_endian
        and allocated == 8
        and pixels is not None
        and pixels.vr == "OW",
    )


def _sample_kind(found: Elements, allocated: int) -> SampleKind:
    if _FLOAT_PIXELS in found or (_STORED not in found and _PIXELS not in found and allocated == 32):
        return SampleKind.FLOAT
    if _DOUBLE_PIXELS in found or (_STORED not in found and _PIXELS not in found and allocated == 64):
        return SampleKind.DOUBLE
    return SampleKind.INTEGER


def _functional_groups(item: memoryview, encoding: Encoding) -> Elements:
    """The elements inside the groups that matter here, as if they stood at the outermost level."""
    flat: Elements = {}
    for sequence in read_elements(item, encoding, _GROUPS).values():
        for group in items(sequence):
            flat |= read_elements(group, sequence.encoding, _GREY | _SPACING)
            break
    return flat


def _presentation(found: Elements, frame: FrameDescription, base: Presentation) -> Presentation:
    slope = found[_SLOPE].number() if _SLOPE in found else None
    intercept = found[_INTERCEPT].number() if _INTERCEPT in found else None
    return Presentation(
        slope=slope if slope else base.slope,
        intercept=base.intercept if intercept is None else intercept,
        modality_lut=_first_table(found, _MODALITY_LUT, frame.signed) or base.modality_lut,
        window=_window(found) or base.window,
        voi_lut=_first_table(found, _VOI_LUT, _voi_input_is_signed(found, frame)) or base.voi_lut,
        palette=base.palette,
        padding=_padding(found, frame) or base.padding,
        aspect_ratio=_aspect_ratio(found) or base.aspect_ratio,
    )


def _window(found: Elements) -> Window | None:
    if _CENTER not in found or _WIDTH not in found:
        return None
    center, width = found[_CENTER].number(), found[_WIDTH].number()
    if center is None or width is None or width <= 0:
        return None
    name = found[_FUNCTION].text() if _FUNCTION in found else ""
    return Window(center, width, _WINDOW_FUNCTIONS.get(name, WindowFunction.LINEAR))


def _first_table(found: Elements, tag: int, signed: bool) -> LookUpTable | None:
    if tag in found:
        for item in items(found[tag]):
            return read_look_up_table(item, found[tag].encoding, signed=signed)
    return None


def _voi_input_is_signed(found: Elements, frame: FrameDescription) -> bool:
    """The descriptor's VR goes with what the modality LUT gives out (PS3.3 C.11.2.1.1)."""
    intercept = found[_INTERCEPT].number() if _INTERCEPT in found else None
    return _MODALITY_LUT not in found and (frame.signed or (intercept or 0) < 0)


def _palette(found: Elements, frame: FrameDescription) -> Palette | None:
    return read_palette(found, signed=frame.signed) if frame.photometric_interpretation == "PALETTE COLOR" else None


def _padding(found: Elements, frame: FrameDescription) -> tuple[float, float] | None:
    for tag, code in ((_FLOAT_PADDING, "f"), (_DOUBLE_PADDING, "d"), (_PADDING, "h" if frame.signed else "H")):
        if tag in found:
            values = found[tag].binary(code)
            limits = found[_PADDING_LIMIT].binary(code) if tag == _PADDING and _PADDING_LIMIT in found else values
            if values and limits:
                return min(values[0], limits[0]), max(values[0], limits[0])
    return None


def _aspect_ratio(found: Elements) -> float | None:
    """Height over width: from the ratio's two integers, else from row and column spacing, which come in the same order (C.7.6.3.1.7)."""
    for tag in (_ASPECT_RATIO, _PIXEL_SPACING, _IMAGER_SPACING, _NOMINAL_SPACING):
        if tag in found:
            vertical, horizontal = found[tag].number(0), found[tag].number(1)
            if vertical and horizontal and 0.05 <= vertical / horizontal <= 20:
                return vertical / horizontal
    return None
