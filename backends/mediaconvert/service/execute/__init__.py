"""Making what a translated job asks for: decoding, compositing, encoding, packaging, publishing."""
