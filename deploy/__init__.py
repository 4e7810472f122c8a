"""How kAuth is put to work: examples for servers, and the full mode on one machine for a look."""
