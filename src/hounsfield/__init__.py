"""Hounsfield, a PACS: takes DICOM objects in, keeps them, finds them, hands them out and shows them."""

__version__ = "0.1.0"
