"""Converts between units, over HTTP."""
