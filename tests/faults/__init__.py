"""Faults: the real thing is killed while sign-ins run."""
