"""What kAuth costs, beside a peer and beside the least code that does the same. See README.md."""
