"""Sound files → PCM on disk → the programme mix, its loudness, and what there is to say about it.

`decode` and `header_child` read hostile media in limited children; everything else reads our own PCM and is pure. The order to
read in: `decode`, `pcm`, `gain`, `mix`, `limiter`, `loudness`; then `speech`, `library`, `sanity`, `explain`, `plot`.
"""
