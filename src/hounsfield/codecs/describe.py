"""What an object's header says about its pictures (PS3.3 C.7.6.3, C.7.6.16, C.11)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hounsfield.codecs import overlays, shutters
from hounsfield.codecs.covering import Overlay
from hounsfield.codecs.elements import items, read_elements
from hounsfield.codecs.frame import FrameDescription, SampleKind
from hounsfield.codecs.grey_elements import (
    INTERCEPT,
    MODALITY,
    MODALITY_LUT,
    PRESENTATION_LUT_SHAPE,
    SLOPE,
    VOI,
    VOI_LUT,
    Elements,
    first_table,
    is_inverse,
    nested,
    voi_input_is_signed,
    window_of,
)
from hounsfield.codecs.lookup_tables import PALETTE, read_palette
from hounsfield.codecs.overlays import StoredOverlay, read_overlays
from hounsfield.codecs.presentation import Palette, Presentation
from hounsfield.codecs.shutters import read_shutter
from hounsfield.dicom.encoding import Encoding, detect
from hounsfield.dicom.transfer_syntaxes import transfer_syntax
from hounsfield.model.errors import UndecodablePixels

_SAMPLES, _PHOTOMETRIC, _PLANAR, _FRAMES = 0x00280002, 0x00280004, 0x00280006, 0x00280008
_ROWS, _COLUMNS, _ALLOCATED, _STORED, _HIGH_BIT, _SIGN = 0x00280010, 0x00280011, 0x00280100, 0x00280101, 0x00280102, 0x00280103
_PIXEL_SPACING, _ASPECT_RATIO, _IMAGER_SPACING, _NOMINAL_SPACING = 0x00280030, 0x00280034, 0x00181164, 0x00182010
_PADDING, _PADDING_LIMIT, _FLOAT_PADDING, _DOUBLE_PADDING = 0x00280120, 0x00280121, 0x00280122, 0x00280123
_PIXEL_PRESENTATION, _ICC_PROFILE, _OPTICAL_PATHS, _REPRESENTATIVE_FRAME = 0x00089205, 0x00282000, 0x00480105, 0x00286010
_SHARED_GROUPS, _PER_FRAME_GROUPS = 0x52009229, 0x52009230
_PIXEL_MEASURES, _FRAME_VOI, _VALUE_TRANSFORMATION = 0x00289110, 0x00289132, 0x00289145
_FLOAT_PIXELS, _DOUBLE_PIXELS, _PIXELS = 0x7FE00008, 0x7FE00009, 0x7FE00010

_GREY = VOI | MODALITY
_SPACING = frozenset((_PIXEL_SPACING, _ASPECT_RATIO, _IMAGER_SPACING, _NOMINAL_SPACING))
_GROUPS = frozenset((_PIXEL_MEASURES, _FRAME_VOI, _VALUE_TRANSFORMATION))
_WANTED = (
    _GREY
    | _SPACING
    | PALETTE
    | {_SAMPLES, _PHOTOMETRIC, _PLANAR, _FRAMES, _ROWS, _COLUMNS, _ALLOCATED, _STORED, _HIGH_BIT, _SIGN}
    | {_PADDING, _PADDING_LIMIT, _FLOAT_PADDING, _DOUBLE_PADDING, _SHARED_GROUPS, _PER_FRAME_GROUPS}
    | {PRESENTATION_LUT_SHAPE, _PIXEL_PRESENTATION, _ICC_PROFILE, _OPTICAL_PATHS, _REPRESENTATIVE_FRAME}
    | overlays.WANTED
    | shutters.WANTED
)

_MOST_PROFILE_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class ImageDescription:
    """An image's frames: how they are coded and how they are to be shown.

    frame_count: as the header says, 1 where it says nothing.
    representative_frame: Representative Frame Number (0028,6010), from 1; None where the header names none.
    """

    frame_count: int
    representative_frame: int | None
    _frame: FrameDescription
    _presentation: Presentation
    _shared: Elements
    _per_frame: tuple[memoryview, ...]
    _encoding: Encoding
    _overlays: tuple[StoredOverlay, ...]
    _icc_profile: memoryview

    def frame(self, index: int) -> FrameDescription:
        """How frame `index` (from 0) is coded. Raises: UndecodablePixels when nothing sensible can be decoded so."""
        frame = self._frame
        frame.check()
        if frame.bits_allocated == 1 and not transfer_syntax(frame.transfer_syntax_uid).encapsulated:
            # Single bits run on across frames: most frames begin inside of a byte (PS3.5 8.1.1).
            return replace(frame, bit_offset=index * frame.pixels * frame.samples_per_pixel % 8)
        return frame

    @property
    def icc_profile(self) -> bytes:
        """Of the colours; empty where there is none (PS3.3 C.11.15; of a slide that of its first optical path, C.8.12.5)."""
        return bytes(self._icc_profile)

    @property
    def stored_overlays(self) -> tuple[StoredOverlay, ...]:
        """By group."""
        return self._overlays

    def overlays(self, index: int) -> tuple[Overlay, ...]:
        """Those that lie over frame `index` (from 0)."""
        over = (overlay.over(index) for overlay in self._overlays)
        return tuple(overlay for overlay in over if overlay is not None)

    def presentation(self, index: int = 0) -> Presentation:
        """How frame `index` (from 0) is shown: its own functional groups count before the shared ones (PS3.3 C.7.6.16.1.1).

        Without overlays and profile, which are asked for apart.
        """
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
    palette = _palette(found, frame)
    supplemental = palette is not None and frame.photometric_interpretation != "PALETTE COLOR"
    base = Presentation(palette=palette, supplemental=supplemental, inverse=_is_inverse(found), shutter=read_shutter(found))
    presentation = _presentation(found, frame, base)
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
    chosen = found[_REPRESENTATIVE_FRAME].unsigned() if _REPRESENTATIVE_FRAME in found else None
    return ImageDescription(
        int(frames) if frames and frames >= 1 else 1,
        chosen or None,
        frame,
        presentation,
        shared,
        per_frame,
        encoding,
        read_overlays(found, frame.rows, frame.columns, frame.bits_allocated),
        _icc_profile(found),
    )


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
    slope = found[SLOPE].number() if SLOPE in found else None
    intercept = found[INTERCEPT].number() if INTERCEPT in found else None
    voi_signed = voi_input_is_signed(found, stored_signed=frame.signed)
    return replace(
        base,
        slope=slope if slope else base.slope,
        intercept=base.intercept if intercept is None else intercept,
        modality_lut=first_table(found, MODALITY_LUT, signed=frame.signed) or base.modality_lut,
        window=window_of(found) or base.window,
        voi_lut=first_table(found, VOI_LUT, signed=voi_signed) or base.voi_lut,
        padding=_padding(found, frame) or base.padding,
        aspect_ratio=_aspect_ratio(found) or base.aspect_ratio,
    )


def _is_inverse(found: Elements) -> bool | None:
    """Of an image only INVERSE says more than its photometric interpretation, which IDENTITY would contradict (PS3.3 C.7.6.3.1.2)."""
    return is_inverse(found) or None


def _palette(found: Elements, frame: FrameDescription) -> Palette | None:
    """Of PALETTE COLOR, or the supplemental one of a grey image (PS3.3 C.7.6.19)."""
    if frame.photometric_interpretation == "PALETTE COLOR":
        return read_palette(found, signed=frame.signed)
    presentation = found[_PIXEL_PRESENTATION].text().upper() if _PIXEL_PRESENTATION in found else ""
    if frame.photometric_interpretation == "MONOCHROME2" and presentation in ("COLOR", "MIXED"):
        return read_palette(found, signed=frame.signed)
    return None


def _icc_profile(found: Elements) -> memoryview:
    places = [found, *nested(found, _OPTICAL_PATHS, frozenset((_ICC_PROFILE,)), 1)]
    profiles = (place[_ICC_PROFILE].value for place in places if _ICC_PROFILE in place)
    return next((profile for profile in profiles if 128 <= len(profile) <= _MOST_PROFILE_BYTES), memoryview(b""))


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
