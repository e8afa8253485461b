"""Fields whose execution is not built yet are named, never ignored."""

from __future__ import annotations

from renderer.spec import parse_document, parse_spec, unbuilt_features

STORY = """\
storyreel: 1
narration: n.wav
music: {mood: calm, library: lib, duck: {}}
loudness: web
images:
  - {file: a.jpg, caption: "Summer 1962"}
  - b.jpg
  - {file: c.jpg, caption: "Winter"}
captions: {file: story.vtt}
"""


def test_every_unbuilt_field_is_named_with_its_place():
    result = parse_spec(parse_document(STORY))
    found = unbuilt_features(result.spec, result.document)
    assert [(feature.path, feature.line, feature.feature) for feature in found] == [
        ("$.images[0].caption", 6, "an image's caption"),
        ("$.images[2].caption", 8, "an image's caption"),
        ("$.captions", 9, "captions"),
    ]


def test_every_unbuilt_field_says_what_to_do_instead():
    result = parse_spec(parse_document(STORY))
    assert all(len(feature.instead.split()) > 3 for feature in unbuilt_features(result.spec, result.document))


def test_a_plain_story_needs_nothing_unbuilt():
    result = parse_spec(parse_document("storyreel: 1\nnarration: n.wav\nmusic: m.mp3\nimages: [a.jpg]\n"))
    assert unbuilt_features(result.spec, result.document) == []
