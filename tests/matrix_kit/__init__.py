"""Four makers' clients behind one face, for the matrix of clients and services."""
