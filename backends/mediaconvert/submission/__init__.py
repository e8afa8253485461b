"""From a planned job to a finished one: asked first, uploaded once, created once, followed to its end."""
