"""The examples for servers: each is checked as far as this machine has what it is for."""
