"""One module per language: how it builds and what it needs at run time."""
