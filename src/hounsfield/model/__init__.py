"""Entities and rules of the archive: pure values and functions, no input or output."""
