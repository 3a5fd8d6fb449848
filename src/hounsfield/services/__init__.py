"""Use cases, synchronous, named by verbs; they know no protocol."""
