"""MediaConvert on this machine: the service's wire format, its queue, and a real execution of its jobs.

`http` speaks the wire, `store` remembers in SQLite, `queueing` decides what runs next, `translate` turns a job into
pictures, sound and files to make, `execute` makes them with FFmpeg, `storage` reads and writes what S3 would hold,
`events` tells the world. `unknowns.py` holds every choice the service's documentation leaves open.
"""
