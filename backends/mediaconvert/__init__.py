"""AWS Elemental MediaConvert: a timeline as a production job, what it needs uploaded, what it costs, and its check."""
