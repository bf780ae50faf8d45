"""Proof: both images are built, looked into, run side by side and compared; nothing here decides what to rewrite."""
