"""What a spec's text may be, what is refused, and that every node knows its place."""

from __future__ import annotations

import os
import time

import pytest

from renderer.errors import SpecError
from renderer.spec import load_document, parse, parse_document
from renderer.spec.parse import MAX_NODES

STORY = """\
storyreel: 1
title: "Tide: out"
images:
  - photo.jpg
  - file: beach.jpg
    motion:
      to: {zoom: 1.15,
           focus: [0.6, 0.4]}
'odd key': x
"""

PLACES = [
    ((), "$", 1, 1),
    (("title",), "$.title", 2, 8),
    (("images",), "$.images", 3, 1),
    (("images", 0), "$.images[0]", 4, 5),
    (("images", 0, "file"), "$.images[0]", 4, 5),
    (("images", 1, "file"), "$.images[1].file", 5, 11),
    (("images", 1, "hold"), "$.images[1]", 5, 5),
    (("images", 1, "motion", "to", "zoom"), "$.images[1].motion.to.zoom", 7, 18),
    (("images", 1, "motion", "to", "focus", 1), "$.images[1].motion.to.focus[1]", 8, 25),
    (("odd key",), "$['odd key']", 9, 12),
    (("nowhere", 3), "$", 1, 1),
]


YAML_ERROR = "can't be read as YAML: "
EMPTY = "the spec is empty: a story begins with `storyreel: 1`"
ROOT = "expected a mapping of keys such as `images:`, found "
NO_TAG = "are not allowed: a spec holds plain values only"
NO_ALIAS = "are not allowed: a few lines of them can stand for millions of values; write it out"
NO_ANCHOR = "are not allowed: their only use is aliases"
QUOTE_IT = "write it in quotes if it is one"
UTF_8 = "save the file as UTF-8"


def unprintable(character):
    return f"expected printable text, found the character {character}: remove it, or write it as an escape in quotes"


REFUSED = {
    "empty file": ("", 1, EMPTY),
    "only a comment": ("# later\n", 1, EMPTY),
    "a list": ("- a\n", 1, ROOT + "a list"),
    "a single value": ("hello", 1, ROOT + "a single value"),
    "two documents": ("a: 1\n---\nb: 2\n", 2, "expected one document, found a second one after `---`"),
    "a number as key": ("a: 1\n7: x\n", 2, f"expected a name as key, found 7: {QUOTE_IT}"),
    "no key": ("a: 1\n: x\n", 2, f"expected a name as key, found nothing: {QUOTE_IT}"),
    "a list as key": ("? [a]\n: b\n", 1, "expected a name as key, found a list or mapping"),
    "a directive": ("%YAML 1.1\n---\na: 1", 1, YAML_ERROR + "a spec needs no % directive: remove this line"),
    "raw control character": ("a: 1\nb: \x07", 2, unprintable("U+0007")),
    "raw NUL": ("a: \0", 1, unprintable("U+0000")),
    "line separator": ("a: b\u2028c", 1, unprintable("U+2028")),
    "half a character": ("a: \ud83d", 1, unprintable("U+D83D")),
    "escape beyond Unicode": ('a: "\\UFFFFFFFF"', 1, YAML_ERROR + "an escape stands for no character"),
    "Latin-1": ("a: 1\nb: é".encode("latin-1"), 2, f"expected UTF-8, found byte 0xE9 at byte 8: {UTF_8}"),
    "UTF-16": ("a: é".encode("utf-16"), 1, f"expected UTF-8, found UTF-16 text at byte 0: {UTF_8}"),
    "UTF-32": ("a: é".encode("utf-32"), 1, f"expected UTF-8, found UTF-32 text at byte 0: {UTF_8}"),
    "unclosed quote": ("a: 'x", 1, YAML_ERROR + "while scanning a quoted scalar, found unexpected end of stream"),
    "stray colon": ("a: b: c", 1, YAML_ERROR + "mapping values are not allowed here"),
}

REFUSED_AT = {
    "an alias": (
        "a: &x 1\nb: *x\n",
        [("$.a", 1, f"anchors such as &x {NO_ANCHOR}"), ("$.b", 2, f"aliases such as *x {NO_ALIAS}")],
    ),
    "a tag": ("a: !!python/name:x y", [("$.a", 1, f"tags such as tag:yaml.org,2002:python/name:x {NO_TAG}")]),
    "duplicate keys": (
        "a: 1\nb: {c: 1, c: 2}\na: 3\n",
        [
            ("$.b.c", 2, "key 'c' stands more than once, twice in line 2"),
            ("$.a", 3, "key 'a' stands more than once, in lines 1 and 3"),
        ],
    ),
    "long text": ("a: " + "x" * 2001, [("$.a", 1, "expected at most 2,000 characters, found 2,001")]),
    "infinity": ("a: [1, .inf]", [("$.a[1]", 1, "expected a finite number, found .inf")]),
    "escaped NUL": ('a: "\\0"', [("$.a", 1, "expected printable text, found the control character U+0000")]),
    "half a pair": ('a: "\\ud83d"', [("$.a", 1, "expected characters, found half of a surrogate pair")]),
    "many digits": ("a: " + "9" * 999, [("$.a", 1, "expected a number of at most 40 characters, found 999")]),
}

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)

HOSTILE = {
    "alias bomb": BOMB,
    "5,000 brackets": "a: " + "[" * 5000,
    "5,000 closed brackets": "a: " + "[" * 5000 + "]" * 5000,
    "5,000 braces": "{a: " * 5000,
    "5,000 levels of blocks": "\n".join(" " * min(i, 90) + "a:" for i in range(5000)),
    "5,000 dashes": "- " * 5000,
    "5,000 question marks": "? " * 5000,
    "one million brackets": "[" * 1_000_000,
    "one million letters": "a" * 1_000_000,
    "one million quotes": '"' * 1_000_000,
    "one million spaces": " " * 1_000_000,
    "half a million lines": "a\n" * 500_000,
    "half a million escapes": 'a: "' + "\\n" * 490_000 + '"',
    "half a million duplicate keys": "{" + "a," * 490_000 + "}",
    "300,000 empty lists": "a: [" + "[]," * 300_000 + "]",
    "ten megabytes": "a: 1\n" * 2_000_000,
}


def refusal(text):
    with pytest.raises(SpecError) as caught:
        parse_document(text, "story.yaml")
    found = caught.value.problems
    return [(one.path, one.line, one.message + (f": {one.hint}" if one.hint else "")) for one in found]


@pytest.mark.parametrize(("location", "path", "line", "column"), PLACES, ids=[f"{row[1]} {row[0]}" for row in PLACES])
def test_every_node_knows_its_place(location, path, line, column):
    assert parse_document(STORY).locate(location) == (path, line, column)


@pytest.mark.parametrize("case", REFUSED)
def test_refused_texts_say_where_and_why(case):
    text, line, message = REFUSED[case]
    assert refusal(text) == [("$", line, message)]


@pytest.mark.parametrize("case", REFUSED_AT)
def test_refused_nodes_are_all_named(case):
    text, problems = REFUSED_AT[case]
    assert refusal(text) == problems


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_texts_end_in_a_spec_error_soon(case):
    began = time.perf_counter()
    assert refusal(HOSTILE[case])
    assert time.perf_counter() - began < 30, "at most 1.3 s on an idle machine"


def test_depth_is_refused_at_the_33rd_level():
    assert parse_document("a: " + "[" * 31 + "]" * 31).locate(("a", *[0] * 30))[0].count("[0]") == 30
    assert refusal("a: " + "[" * 32 + "]" * 32)[0][2] == "expected at most 32 levels of nesting, found more"


def test_the_hundred_thousandth_node_is_the_last(monkeypatch):
    """Counted with a tenth of them."""
    assert MAX_NODES == 100_000
    monkeypatch.setattr(parse, "MAX_NODES", 10_000)
    text = "a: [" + "1," * 9_996 + "{}]"
    assert len(parse_document(text).plain()["a"]) == 9_997
    assert refusal(text.replace("{}", "1,1")) == [("$.a", 1, "expected at most 10,000 keys and values, found more")]


def test_a_byte_order_mark_is_not_part_of_the_first_key():
    assert parse_document("\ufeffa: é".encode()).plain() == {"a": "é"}


TRICKY_JSON = {
    '{"a":1,"b":[true,null,-1.5e3],"c":{"d":"e"}}': {"a": 1, "b": [True, None, -1500.0], "c": {"d": "e"}},
    '{\n\t"a": {\n\t\t"b": [\n\t\t\t1,\n\t\t\t2\n\t\t]\n\t}\n}\n': {"a": {"b": [1, 2]}},
    '{"a":"x\\/y","b":"\\u00e9\\ud83d\\ude00"}': {"a": "x/y", "b": "é😀"},
    '{"a":"http://x:80/#y","b":"- c: d","c":"\\"\\\\"}': {"a": "http://x:80/#y", "b": "- c: d", "c": '"\\'},
    '{"a" :1 ,"b" : "" , "":[ ]}': {"a": 1, "b": "", "": []},
    '{"a":"%d","b":"@","c":"no","d":"1:30","e":{}}': {"a": "%d", "b": "@", "c": "no", "d": "1:30", "e": {}},
}


@pytest.mark.parametrize("text", TRICKY_JSON)
def test_json_is_read_by_the_same_grammar(text):
    assert parse_document(text, "story.json").plain() == TRICKY_JSON[text]


def test_a_pruned_document_keeps_original_places():
    pruned = parse_document(STORY).without({("images", 0), ("title",)})
    assert pruned.locate(("images", 0, "motion")) == ("$.images[1].motion", 6, 5)
    assert pruned.plain()["images"] == [{"file": "beach.jpg", "motion": {"to": {"zoom": 1.15, "focus": [0.6, 0.4]}}}]
    assert (pruned.root.dropped, pruned.node(("images",)).dropped) == ({"title"}, {0})


def named_pipe(path):
    os.mkfifo(path)


def folder(path):
    path.mkdir()


def ten_megabytes(path):
    path.write_bytes(b"a: 1\n" * 2_000_000)


def nothing(path):
    assert not path.exists()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (named_pipe, "expected a file, found a named pipe"),
        (folder, "expected a file, found a folder"),
        (ten_megabytes, "expected at most 1,000,000 bytes, found 10,000,000"),
        (nothing, "file not found"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_is_not_a_spec_file_is_refused_without_reading(make, message, tmp_path):
    path = tmp_path / "story.yaml"
    make(path)
    with pytest.raises(SpecError) as caught:
        load_document(path)
    assert [problem.message for problem in caught.value.problems] == [message]


@pytest.mark.parametrize(
    ("path", "message"),
    [("/dev/zero", "expected a file, found a device"), ("a\0b", "can't be read: not a file name")],
    ids=["device", "NUL in the name"],
)
def test_odd_paths_are_refused(path, message):
    with pytest.raises(SpecError, match=message):
        load_document(path)


def test_a_file_is_named_in_its_errors(tmp_path):
    path = tmp_path / "story.yaml"
    path.write_text("a: *b")
    with pytest.raises(SpecError, match=r"^/.*story\.yaml: 1 problem\n"):
        load_document(path)
