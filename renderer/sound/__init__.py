"""Sound files → PCM on disk → the programme mix, its loudness, and what there is to say about it.

`decode` and `header` read hostile media in limited children; everything else reads our own PCM and is pure. Read it in
this order: `decode`, `pcm`, `gain`, `mix`, `limiter`, `loudness`, `mastering`; then `speech`, `library`, `sanity`,
`explain`, `plot`.
"""
