"""The DICOM upper layer and DIMSE messages (PS3.7, PS3.8)."""
