"""The site over a real HTTP server, for tests."""
