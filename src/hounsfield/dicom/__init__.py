"""Bytes and vocabulary of the standard, pure."""
