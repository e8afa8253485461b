"""What the endpoint remembers: jobs, queues, templates, presets, tags, events to deliver. One SQLite file."""
