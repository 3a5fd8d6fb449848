"""Hounsfield as a client of other systems."""
