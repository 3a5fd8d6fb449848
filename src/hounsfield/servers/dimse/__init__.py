"""DIMSE service classes, one module each."""
