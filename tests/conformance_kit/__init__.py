"""What the DICOMweb conformance suite is made of: an HTTP client, test objects, and the catalogue of what was asserted.

It knows HTTP (httpx) and DICOM (pydicom) and nothing of the server that it judges.
"""
