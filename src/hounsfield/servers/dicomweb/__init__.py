"""DICOMweb (PS3.18): STOW-RS, QIDO-RS, WADO-RS as plain ASGI."""
