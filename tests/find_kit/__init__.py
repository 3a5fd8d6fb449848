"""What tests of C-FIND share: an archive and its DICOM server in this process."""
