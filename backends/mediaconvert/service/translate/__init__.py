"""A job's settings → what to make: a timeline for each picture, sound parts, encoders, names. Nothing is made here."""
