"""Tests that build and run real images with a real engine; `make e2e` runs them, `make test` does not."""
