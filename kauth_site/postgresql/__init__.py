"""Django's PostgreSQL, with a pool that does not ask at each turn whether the server is there."""
