"""Decisions: which base, which split; taken once, rendered by the transforms."""
