"""One folder a protocol; no server imports another."""
