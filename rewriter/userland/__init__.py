"""Debian's commands in Alpine's words."""
