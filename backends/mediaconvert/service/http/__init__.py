"""The wire: a threading HTTP server, a table of operations, and what each of them does."""
