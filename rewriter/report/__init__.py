"""Reports: each reads a Result and nothing else."""
