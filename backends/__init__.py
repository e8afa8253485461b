"""Timeline → plan → run. Backends never import each other."""
