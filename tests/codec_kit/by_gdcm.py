"""A frame as GDCM decodes it."""

from __future__ import annotations

import gdcm
import numpy as np

from hounsfield.codecs.frame import FrameDescription


def gdcm_frame(frame: bytes, description: FrameDescription) -> np.ndarray | None:
    """None where GDCM refuses the frame."""
    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(frame)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((description.columns, description.rows, 1))
    image.SetDataElement(element)
    interpretation = gdcm.PhotometricInterpretation.GetPIType(description.photometric_interpretation)
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(interpretation))
    if description.samples_per_pixel > 1:
        image.SetPlanarConfiguration(description.planar_configuration)
    image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(description.transfer_syntax_uid)))
    d = description
    image.SetPixelFormat(gdcm.PixelFormat(d.samples_per_pixel, d.bits_allocated, d.bits_stored, d.high_bit, d.pixel_representation))
    text = image.GetBuffer()
    if text is None:
        return None
    return np.frombuffer(text.encode("utf-8", "surrogateescape"), array_type(d)).reshape(d.rows, d.columns, d.samples_per_pixel)


def array_type(description: FrameDescription) -> str:
    return f"<{'i' if description.pixel_representation else 'u'}{max(1, description.bits_allocated // 8)}"
