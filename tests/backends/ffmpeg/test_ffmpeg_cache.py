"""The segment cache: what is found again, what is not, and what a damaged, full or shared cache does."""

from __future__ import annotations

import concurrent.futures
import hashlib

import pytest

from backends.ffmpeg import cache
from backends.ffmpeg.backend import explain_cache
from backends.ffmpeg.cache import SegmentCache
from renderer.errors import UsageError
from renderer.story import StoryOptions, compile_story, open_workspace


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    root = tmp_path / "cache"
    monkeypatch.setenv("STORYREEL_CACHE_DIR", str(root))
    return root


@pytest.fixture
def spec(own_cache, story_folder):
    return story_folder(images=3, narration_s=6, music_s=2)


@pytest.fixture
def render(run_story, tmp_path):
    """`render(spec, name="a.mp4")`: with the cache; returns how many segments were found and rendered."""

    def run(spec, name="a.mp4"):
        return run_story(spec, tmp_path / name, use_cache=True).segments

    return run


def edited(spec, old, new):
    text = spec.read_text()
    assert old in text
    spec.write_text(text.replace(old, new))
    return spec


def explained(spec):
    options = StoryOptions()
    with open_workspace(spec, options) as workspace:
        return explain_cache(compile_story(spec, workspace, options), workspace)


def test_nothing_changed_renders_nothing_and_gives_the_same_file(render, spec, tmp_path):
    assert render(spec)["rendered"] == 3
    assert render(spec, "b.mp4") == {"total": 3, "from_cache": 3, "rendered": 0}
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_one_changed_image_renders_only_its_own_segments(render, spec, make_image):
    render(spec)
    make_image(spec.parent / "image2.png", color=(9, 9, 9))
    assert render(spec)["rendered"] == 1


def test_a_picture_under_another_name_is_found_again(render, spec):
    render(spec)
    (spec.parent / "image1.png").rename(spec.parent / "renamed.png")
    assert render(edited(spec, "image1.png", "renamed.png"))["rendered"] == 0


def test_music_gain_changes_no_picture(render, spec):
    render(spec)
    assert render(edited(spec, '"music.wav"', '{"file": "music.wav", "gain_db": -20}'))["rendered"] == 0


def test_a_shorter_first_image_keeps_the_shots_that_only_move_in_time(render, own_cache, story_folder):
    spec = story_folder(images=3, narration_s=None)
    holds = ", ".join(f'{{"file": "image{number}.png", "hold": 2.0}}' for number in (1, 2, 3))
    render(edited(spec, '["image1.png", "image2.png", "image3.png"]', f"[{holds}]"))
    assert render(edited(spec, '"image1.png", "hold": 2.0', '"image1.png", "hold": 1.5'))["rendered"] == 1


@pytest.mark.parametrize(("old", "new"), [("320", "322"), ('"30"', '"25"')], ids=["size", "rate"])
def test_another_format_is_rendered_anew(render, spec, old, new):
    render(spec)
    assert render(edited(spec, old, new))["from_cache"] == 0


def test_equal_segments_of_one_story_are_encoded_once(render, own_cache, story_folder):
    spec = story_folder(images=1, narration_s=4, brand={"background": "#203040"})
    edited(spec, '["image1.png"]', '[{"file": "image1.png", "motion": "none"}]')
    assert render(spec)["total"] == 2
    assert [part.entries for part in cache.sizes() if part.part == "segments"] == [2]  # one picture, one sound


def test_without_cache_nothing_is_read_or_kept(run_story, spec, own_cache, tmp_path):
    run_story(spec, tmp_path / "a.mp4", use_cache=False)
    assert sum(part.entries for part in cache.sizes()) == 0


def test_a_damaged_entry_is_rendered_again_and_replaced(render, spec, own_cache):
    render(spec)
    entry = max((own_cache / "segments").rglob("*.mp4"), key=lambda path: path.stat().st_size)
    entry.write_bytes(entry.read_bytes()[:-50] + bytes(50))
    found = render(spec)
    assert found["rendered"] <= 1
    assert render(spec)["rendered"] == 0


def test_a_record_without_its_file_is_a_miss(render, spec, own_cache):
    render(spec)
    for entry in (own_cache / "segments").rglob("*.mp4"):
        entry.unlink()
    assert render(spec)["rendered"] == 3


def test_the_least_recently_used_entries_go_first(own_cache, tmp_path):
    store, target = SegmentCache(), tmp_path / "out"
    for number in range(4):
        source = tmp_path / f"{number}"
        source.write_bytes(bytes([number]) * 1000)
        store.put({"number": number}, source, {})
    assert store.take({"number": 0}, target) == {}
    cache.prune(3000)
    assert [store.take({"number": n}, tmp_path / f"t{n}") is not None for n in range(4)] == [True, False, False, True]


def test_the_limit_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("STORYREEL_CACHE_MAX_BYTES", "many")
    with pytest.raises(UsageError, match="number of bytes, found 'many'"):
        cache.max_cache_bytes()


def test_a_cache_that_can_not_be_written_fails_no_render(render, spec, own_cache):
    own_cache.mkdir()
    (own_cache / "segments").write_text("in the way")
    assert render(spec)["rendered"] == 3


def test_several_processes_share_one_cache(own_cache, tmp_path):
    content = bytes(range(256)) * 400
    (tmp_path / "source").write_bytes(content)

    def work(number):
        store, target = SegmentCache(), tmp_path / f"taken{number}"
        for _ in range(20):
            store.put({"shared": True}, tmp_path / "source", {})
            cache.prune(0 if number == 0 else None)
            if store.take({"shared": True}, target) is not None:
                assert hashlib.sha256(target.read_bytes()).digest() == hashlib.sha256(content).digest()
                target.unlink()
        return True

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(4)))


def test_clear_removes_everything_that_was_derived(render, spec, own_cache):
    render(spec)
    assert cache.clear() > 0
    assert sum(part.entries for part in cache.sizes()) == 0
    assert render(spec)["rendered"] == 3


def test_explain_names_what_changed(render, spec, make_image):
    render(spec)
    make_image(spec.parent / "image2.png", color=(9, 9, 9))
    found = {item.part.name: item for item in explained(spec)}
    assert [name for name, item in found.items() if not item.cached] == ["segment 1"]
    assert found["segment 1"].reasons[0].startswith("layers[0].source.sha256: ")
    assert "image-2" in found["segment 1"].part.shows


def test_explain_of_a_story_never_rendered_says_so(spec):
    assert {item.reasons for item in explained(spec)} == {("this story was not rendered before",)}


def test_explain_tells_a_removed_entry_from_a_changed_one(render, spec, own_cache):
    render(spec)
    cache.prune(0)
    assert {item.reasons for item in explained(spec)} == {("it was removed from the cache",)}


def test_a_changed_kernel_never_meets_an_old_frame(render, spec, monkeypatch):
    render(spec)
    monkeypatch.setattr("renderer.ingredients.code_sha256", lambda _places: "other code")
    assert render(spec)["from_cache"] == 0
