"""DICOMweb over the real layers in one process, and small objects to store in it."""
