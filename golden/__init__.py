"""Golden recordings: what a story's video was, in a small reviewable folder, and whether it still is that.

`record` writes the folder, `check` compares a story with it in three layers (data, frames, file and sound), `compare`
does the same for any two videos, and `report` prints what was found. DESIGN §9; the reasons are in decision 0040.
"""
