"""What the picture child is told on its command line."""

WITH_KERNELS = "with-kernels"
"""Load the compiled kernels at once, beside the first request."""
