"""Structured reports: written with highdicom, read as trees. The only folder that knows highdicom."""
