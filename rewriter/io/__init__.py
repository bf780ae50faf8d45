"""Everything that touches files, folders and git. The rest of the package gets what it needs handed over as values."""
