"""Runs a timeline on this machine: segments side by side, one sound, one verified MP4."""
