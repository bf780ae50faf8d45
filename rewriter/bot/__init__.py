"""Pull requests across many repositories: found, rewritten, proposed, and followed up."""
