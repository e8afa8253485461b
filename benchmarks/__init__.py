"""Speed, memory and smoothness, as ratios within one run on one machine: `python -m benchmarks`."""
