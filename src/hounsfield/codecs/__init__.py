"""Pixel data: what a header says about it, decoding, rendering, and the limited children that do both."""
