"""Pixel data: decode, encode and render, in a child process with limits."""
