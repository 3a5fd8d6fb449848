"""Kill a server at random moments while four senders store, and hold what it acknowledged against what it has."""
