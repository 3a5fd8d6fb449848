"""Destinations for routing, and a look into the queue of a running server."""
