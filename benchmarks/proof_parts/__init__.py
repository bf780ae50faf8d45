"""The parts of benchmarks/proof.py."""
