"""The transforms: one file each, found by lying in this folder."""
