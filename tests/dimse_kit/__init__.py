"""What the tests of the DICOM upper layer share: a store in memory, a server around it, a bare socket that speaks PDUs."""
