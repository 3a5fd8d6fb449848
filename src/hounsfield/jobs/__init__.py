"""Durable work: a port, and its adapter on the site's own database."""
