"""What runs next, who runs it, and what happens to jobs when the server stops."""
