"""Packs: writing, reading, recovery, verification. The packs are the truth."""
