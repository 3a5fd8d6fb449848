"""Requests made by chance from a seed, a client that sends them as they are, and what a server's processes take of memory."""
