"""The SQL projection of the packs: derived tables that are rebuilt at will."""
