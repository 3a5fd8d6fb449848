"""A disk whose power can be cut, and the proof that the archive outlives it."""
