"""The HTTP paths, one module per resource."""
