"""What one would build instead: other searches over the same base, measured on the same questions."""
