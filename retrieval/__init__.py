"""Finding entries of the base for what a visitor says; evidence is all that leaves this package."""
