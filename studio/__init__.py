"""The studio: a local page that shows a story while it is written, renders it on every save and makes small edits."""
