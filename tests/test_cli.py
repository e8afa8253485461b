"""The command: exit codes, what goes to which stream, every problem at once, and a quick start."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import cli
from renderer.errors import (
    Cancelled,
    MediaError,
    OutputError,
    Problem,
    SpecError,
    StoryreelError,
    ToolError,
    Unsupported,
    UnsupportedError,
    UsageError,
)
from renderer.export import parse_range
from renderer.timebase import FrameRange

ROOT = Path(cli.__file__).resolve().parent
HEAVY = ("numpy", "numba", "av", "boto3", "PIL", "pydantic", "rich", "moviepy", "ruamel")
COMMANDS = sorted(cli.main.commands)


@pytest.fixture
def run():
    """`run("validate", path, …)` in this process; the result has `exit_code`, `stdout` and `stderr`."""
    before = signal.getsignal(signal.SIGTERM)
    yield lambda *arguments: CliRunner().invoke(cli.main, [str(argument) for argument in arguments])
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, make_image, make_tone):
    folder = tmp_path_factory.mktemp("cli")
    make_image(folder / "photo.jpg", (64, 48))
    make_tone(folder / "voice.wav", 2)
    return folder


@pytest.fixture
def spec(folder, write_spec):
    """A good story of 210 frames with any changes to its fields."""
    fields = {"images": ["photo.jpg"], "narration": "voice.wav", "brand": "stories-of-you"}
    return lambda **changes: write_spec(folder, **fields | changes)


def child(*arguments, **options):
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, cwd=ROOT, check=False, **options
    )


# --- exit codes ---------------------------------------------------------------------------------------------------

PROBLEMS = [
    Problem("$.images[2].file", "file not found: art/hare2.png", line=14, column=11),
    Problem("$.images[2].transition", "unknown kind 'crosfade'", "did you mean 'crossfade'?", 16, 17),
    Problem("$", "no images", line=None),
]
TOOL = ToolError("ffmpeg exited with 1", argv=["ffmpeg", "-i", "a b.png"], returncode=1, stderr_tail="one\ntwo\n")
ERRORS = {
    "a spec": (SpecError("story.yaml", PROBLEMS), 2, "story.yaml: 3 problems\n"),
    "a call": (UsageError("no such thing"), 2, "no such thing"),
    "a medium": (MediaError("a.png", "is truncated"), 2, "a.png: is truncated"),
    "a feature": (
        UnsupportedError("stills", [Unsupported("motion", "$.images[0].motion", "write `motion: none`", 3)]),
        3,
        "not supported by stills:\n  $.images[0].motion (line 3): motion is not supported; write `motion: none`",
    ),
    "a tool": (TOOL, 4, "ffmpeg exited with 1\n  command: ffmpeg -i 'a b.png'\n  it said: one\n           two"),
    "an output": (OutputError("the disk is full"), 4, "the disk is full"),
    "a person": (Cancelled("stopped by the user"), 130, "stopped"),
    "Ctrl-C": (KeyboardInterrupt(), 130, "stopped"),
    "a closed pipe": (BrokenPipeError(), 0, ""),
}


@pytest.mark.parametrize(("error", "code", "message"), ERRORS.values(), ids=ERRORS)
def test_every_error_has_its_exit_code_and_speaks_on_stderr(run, spec, monkeypatch, error, code, message):
    def fail(*_):
        raise error

    monkeypatch.setattr("renderer.story.compile_story", fail)
    monkeypatch.setattr("cli._discard_stdout", lambda: None)
    result = run("validate", spec())
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr.startswith(message)


def error_classes(base=StoryreelError):
    import renderer.timeline.canonical
    import renderer.timeline.invariants  # noqa: F401  (they define errors)

    return {base, *(found for child in base.__subclasses__() for found in error_classes(child))}


def test_exit_codes_are_those_of_the_design():
    codes = {error.__name__: error.exit_code for error in error_classes()}
    assert set(codes.values()) <= {1, 2, 3, 4, 5, 130}
    assert {name for name, code in codes.items() if code == 3} == {"UnsupportedError"}
    assert {codes[name] for name in ("SpecError", "UsageError", "MediaError", "TimelineFormatError")} == {2}


def test_problems_stand_in_columns_with_place_message_and_hint():
    head, *rows = str(SpecError("story.yaml", PROBLEMS)).splitlines()
    assert head == "story.yaml: 3 problems"
    assert [row.split(maxsplit=3)[:3] for row in rows[:2]] == [
        ["$.images[2].file", "(line", "14)"],
        ["$.images[2].transition", "(line", "16)"],
    ]
    assert rows[1].endswith(" unknown kind 'crosfade': did you mean 'crossfade'?")
    columns = [row.index(problem.message) for row, problem in zip(rows, PROBLEMS, strict=True)]
    assert len(set(columns)) == 1


def test_one_problem_is_one_problem():
    assert str(SpecError("s.yaml", PROBLEMS[:1])).startswith("s.yaml: 1 problem\n")


# --- validate -----------------------------------------------------------------------------------------------------


def test_a_good_story_is_said_to_be_good(run, spec):
    path = spec()
    result = run("validate", path)
    assert result.exit_code == 0
    assert result.stdout == f"{path}: good. 1 image, 210 frames, 7 s, 320x180\n"


FIVE_MISTAKES = """\
storyreel: 1
narration: voice.wav
lenght: program
images:
  - missing.jpg
  - {file: photo.jpg, hold: 0.1s}
  - {file: photo.jpg, transition: crosfade}
loudness: [web]
"""


def test_five_mistakes_are_five_findings_in_one_run(run, folder):
    path = folder / "five.yaml"
    path.write_text(FIVE_MISTAKES)
    result = run("validate", path)
    head, *rows = result.stderr.splitlines()
    assert (result.exit_code, head) == (2, f"{path}: 5 problems")
    assert [" ".join(row.split()[:3]) for row in rows] == [
        "$.lenght (line 3)",
        "$.images[0] (line 5)",
        "$.images[1].hold (line 6)",
        "$.images[2].transition (line 7)",
        "$.loudness (line 8)",
    ]
    assert "did you mean 'length'?" in rows[0]


UNBUILT = {
    "a caption on an image": ({"images": [{"file": "photo.jpg", "caption": "Hi"}]}, "$.images[0].caption"),
    "captions": ({"captions": {"file": "story.vtt"}}, "$.captions"),
}


@pytest.mark.parametrize(("changes", "place"), UNBUILT.values(), ids=UNBUILT)
def test_a_field_that_is_not_built_is_refused_by_name(run, spec, changes, place):
    result = run("validate", spec(**changes))
    assert result.exit_code == 3
    assert f"\n  {place} (line " in result.stderr
    assert "is not supported; " in result.stderr


BAD_FILES = {
    "no such file": lambda folder: folder / "nothing.yaml",
    "a folder": lambda folder: folder,
    "a picture": lambda folder: folder / "photo.jpg",
}


@pytest.mark.parametrize("make", BAD_FILES.values(), ids=BAD_FILES)
def test_what_is_no_spec_file_is_named_with_exit_2(run, folder, make):
    result = run("validate", make(folder))
    assert result.exit_code == 2
    assert str(make(folder)) in result.stderr


def test_a_file_outside_the_folder_needs_a_word(run, tmp_path, make_image, write_spec):
    make_image(tmp_path / "photo.png")
    path = write_spec(tmp_path / "story", images=[{"file": "../photo.png", "hold": "1s"}])
    assert run("validate", path).exit_code == 2
    assert run("validate", path, "--allow-outside").exit_code == 0


# --- compile and plan ---------------------------------------------------------------------------------------------


def test_a_timeline_is_the_same_on_stdout_and_in_a_file(run, spec, tmp_path):
    path = spec()
    target = tmp_path / "timeline.json"
    printed, written = run("compile", path), run("compile", path, "-o", target)
    assert (printed.exit_code, written.exit_code, written.stdout) == (0, 0, "")
    assert printed.stdout == target.read_text(encoding="utf-8")
    assert json.loads(printed.stdout)["frame_count"] == 210


def test_a_plan_names_every_step_and_holds_argument_lists(run, spec):
    plan = json.loads(run("plan", spec(), "--json").stdout)
    assert plan["backend"] == "ffmpeg"
    assert all(isinstance(word, str) for step in plan["steps"] for word in step["argv"])
    assert {item["verdict"] for item in plan["conformance"]} <= {"exact", "approximated"}


def test_a_plan_for_people_lists_steps_and_conformance(run, spec):
    result = run("plan", spec())
    assert result.exit_code == 0
    assert "\nconformance\n" in result.stdout


def test_a_job_is_submitted_not_rendered(run, spec, tmp_path):
    result = run("render", spec(), "-o", tmp_path / "a.mp4", "--backend", "mediaconvert")
    assert result.exit_code == 3
    assert "storyreel mediaconvert job" in result.stderr


def test_a_plan_for_mediaconvert_names_its_objects_and_conformance(run, spec):
    result = run("plan", spec(), "--backend", "mediaconvert", "--strategy", "mezzanine")
    assert result.exit_code == 0
    assert "render the picture into one silent intra file" in result.stdout


def test_a_strategy_without_its_backend_is_a_usage_error(run, spec):
    assert run("plan", spec(), "--strategy", "stills").exit_code == 2


def test_a_job_printed_here_passes_the_validator(run, spec, tmp_path):
    printed = run(
        "mediaconvert", "job", spec(), "--bucket", "example-bucket", "--role", "arn:aws:iam::111122223333:role/r"
    )
    (tmp_path / "job.json").write_text(printed.stdout)
    checked = run("mediaconvert", "validate", tmp_path / "job.json")
    assert (checked.exit_code, checked.stdout.strip()[-4:]) == (0, "good")


def test_a_wrong_job_is_exit_2_with_its_place(run, tmp_path):
    (tmp_path / "job.json").write_text('{"Role": "r", "Settings": {"OutputGroups": 7}}')
    result = run("mediaconvert", "validate", tmp_path / "job.json", "--json")
    assert result.exit_code == 2
    assert any(finding["pointer"] == "/Settings/OutputGroups" for finding in json.loads(result.stdout)["findings"])


def test_many_documents_are_checked_in_one_run_though_one_can_not_be_read(run, tmp_path):
    (tmp_path / "good.json").write_text('{"ContainerSettings": {"Container": "MP4"}, "VideoDescription": {}}')
    (tmp_path / "torn.json").write_text('{"Settings": ')
    names = [str(tmp_path / name) for name in ("torn.json", "good.json")]
    result, listed = run("mediaconvert", "validate", *names), run("mediaconvert", "validate", *names, "--json")
    assert (result.exit_code, "good.json: preset" in result.stdout, "torn.json" in result.stderr) == (2, True, True)
    documents = json.loads(listed.stdout)["documents"]
    assert [(item["file"], item["passed"]) for item in documents] == [(names[0], False), (names[1], True)]


def test_a_job_can_be_checked_from_a_pipe():
    result = CliRunner().invoke(cli.main, ["mediaconvert", "validate", "-"], input='{"OutputGroups": 7}')
    assert (result.exit_code, "/OutputGroups" in result.stdout) == (2, True)


REFUSED_CALLS = {
    "unknown command": (["rendr"], 2),
    "no spec": (["validate"], 2),
    "unknown option": (["validate", "SPEC", "--fast"], 2),
    "unknown output preset": (["compile", "SPEC", "--output", "story-480p"], 2),
    "unknown backend": (["plan", "SPEC", "--backend", "cloud"], 2),
    "no jobs": (["render", "SPEC", "-o", "a.mp4", "--jobs", "0"], 2),
    "no target": (["render", "SPEC"], 2),
    "a target that is no video": (["render", "SPEC", "-o", "a.avi"], 2),
    "a target that is no timeline": (["compile", "SPEC", "-o", "a.txt"], 2),
    "a target that is no frames": (["frames", "SPEC", "-o", "a.mp4"], 2),
    "a target that is no sound": (["mix", "SPEC", "-o", "a.mp3"], 2),
    "an input as target": (["mix", "SPEC", "-o", "voice.wav"], 2),
    "a folder that is not there": (["render", "SPEC", "-o", "no/where/a.mp4"], 4),
    "a range that is none": (["frames", "SPEC", "-o", "a.y4m", "--range", "7"], 2),
    "a range beyond the end": (["frames", "SPEC", "-o", "a.y4m", "--range", "0:211"], 2),
}


@pytest.mark.parametrize(("arguments", "code"), REFUSED_CALLS.values(), ids=REFUSED_CALLS)
def test_a_wrong_call_is_refused_before_anything_runs(run, spec, folder, monkeypatch, arguments, code):
    path = spec()
    monkeypatch.chdir(folder)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    result = run(*(path if word == "SPEC" else word for word in arguments))
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_an_unknown_output_preset_is_told_what_there_is(run, spec):
    assert "story-720p" in run("compile", spec(), "--output", "story-480p").stderr


# --- frame ranges -------------------------------------------------------------------------------------------------

RANGES = {
    "nothing given": (None, (0, 10)),
    "both ends open": (":", (0, 10)),
    "from the start": (":4", (0, 4)),
    "to the end": ("4:", (4, 10)),
    "one frame": ("9:10", (9, 10)),
    "everything": ("0:10", (0, 10)),
}


@pytest.mark.parametrize(("text", "expected"), RANGES.values(), ids=RANGES)
def test_a_range_is_half_open_and_may_leave_out_its_ends(text, expected):
    assert parse_range(text, 10) == FrameRange(*expected)


@pytest.mark.parametrize("text", ["5", "3:3", "0:0", "4:3", "0:11", "-1:3", "a:b", "1:2:3", "1.5:3", " : ", "²:5"])
def test_what_is_no_range_of_the_programme_is_a_usage_error(text):
    with pytest.raises(UsageError) as refused:
        parse_range(text, 10)
    assert "10" in str(refused.value)
    assert text in str(refused.value)


# --- listings -----------------------------------------------------------------------------------------------------


def test_presets_are_listed_for_people_and_for_programs(run):
    listed = json.loads(run("presets", "--json").stdout)
    assert set(listed) == {"outputs", "motion", "brands"}
    text = run("presets").stdout
    assert all(name in text for kind in listed.values() for name in kind)


def test_the_schema_is_a_json_schema_of_a_spec(run):
    schema = json.loads(run("schema").stdout)
    assert {"storyreel", "images", "narration", "music", "brand"} <= set(schema["properties"])


def test_the_doctor_finds_this_installation_well(run):
    result = run("doctor", "--json")
    states = {row["name"]: row["state"] for row in json.loads(result.stdout)}
    assert result.exit_code == 0
    assert states["ffmpeg"] == states["encoder libx264"] == states["encoder aac"] == states["cache"] == "ok"


def test_the_doctor_ends_with_4_where_something_is_missing(run, monkeypatch):
    from renderer.doctor import Finding

    monkeypatch.setattr("renderer.doctor.examine", lambda: [Finding("ffmpeg", "missing", "nowhere")])
    result = run("doctor")
    assert (result.exit_code, result.stdout.split()) == (4, ["missing", "ffmpeg", "nowhere"])


def test_the_version_is_that_of_the_distribution(run):
    from importlib.metadata import version

    assert run("--version").stdout.strip().endswith(version("storyreel"))


# --- help and start -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_of_its_own(run, command):
    result = run(command, "-h")
    assert result.exit_code == 0
    assert cli.main.commands[command].get_short_help_str(25).rstrip(".") in run("--help").stdout


def test_help_imports_nothing_heavy():
    found = f"print(*set({HEAVY}) & set(sys.modules), file=sys.stderr)"
    code = f"import sys, cli\ntry:\n    cli.main(['--help'])\nfinally:\n    {found}"
    ran = child("-c", code)
    assert (ran.returncode, ran.stderr.strip()) == (0, "")
    assert "Try: storyreel demo" in ran.stdout


def test_help_takes_less_than_three_tenths_of_a_second():
    """Processor time of the best of three, so that other work on the machine does not count."""

    def spent():
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        child("-c", "import cli; cli.main(['--help'])")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(spent() for _ in range(3)) < 0.3


def test_a_reader_that_goes_away_is_no_error():
    read, write = os.pipe()
    os.close(read)
    with subprocess.Popen(
        [sys.executable, "-c", "import cli; cli.main(['schema'])"], stdout=write, stderr=subprocess.PIPE, cwd=ROOT
    ) as process:
        os.close(write)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, b"")


def test_every_option_is_spelled_in_one_way():
    """Long options in lower case with hyphens; `-o` is the only short one besides `-h`."""
    options = {
        option
        for command in cli.main.commands.values()
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for option in parameter.opts
    }
    assert {option for option in options if not option.startswith("--")} == {"-o"}
    assert all(option == option.lower() and "_" not in option for option in options)
