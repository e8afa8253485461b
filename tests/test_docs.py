"""Whatever an author can type stands in the documentation: every command, option, exit code and preset."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from cli import main
from presets import KINDS, preset_names

ROOT = Path(__file__).resolve().parent.parent
CLI = ROOT / "docs" / "cli.md"
EVERYWHERE = "README.md", "docs/**/*.md"
EXIT_CODES = range(6)


def commands(group, path=()):
    for name, command in sorted(group.commands.items()):
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


COMMANDS = {" ".join(path): command for path, command in commands(main)}
OPTIONS = [
    (name, option)
    for name, command in COMMANDS.items()
    for parameter in command.params
    if isinstance(parameter, click.Option)
    for option in (*parameter.opts, *parameter.secondary_opts)
]


def sections():
    """Heading → text below it, of the command reference."""
    text = CLI.read_text(encoding="utf-8") if CLI.exists() else ""
    parts = re.split(r"^#+ +(.*)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def section(command):
    """Heading and text of the section whose heading names a command, such as "## `storyreel render SPEC`"."""
    names = re.compile(rf"(^|storyreel ){re.escape(command)}($|[ `])")
    return "\n".join(f"{head}\n{text}" for head, text in sections().items() if names.search(head.strip("`")))


def written():
    """Everything between backticks or in a code block, anywhere in the documentation."""
    texts = [path.read_text(encoding="utf-8") for pattern in EVERYWHERE for path in ROOT.glob(pattern)]
    return " ".join(code for text in texts for code in re.findall(r"```.*?```|`[^`\n]+`", text, flags=re.DOTALL))


def mentions(text, word):
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) is not None


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_section(command):
    assert section(command), f"docs/cli.md has no heading with `storyreel {command}`"


@pytest.mark.parametrize(("command", "option"), OPTIONS)
def test_every_option_stands_in_the_section_of_its_command(command, option):
    assert mentions(section(command), option), f"docs/cli.md: {option} is missing under `storyreel {command}`"


def test_every_exit_code_is_explained():
    text = CLI.read_text(encoding="utf-8") if CLI.exists() else ""
    assert [code for code in EXIT_CODES if not re.search(rf"^\W*{code}\b.*\w{{3}}", text, flags=re.MULTILINE)] == []


@pytest.mark.parametrize("preset", sorted({name for kind in KINDS for name in preset_names(kind)}))
def test_every_preset_is_documented(preset):
    assert mentions(written(), preset), f"{preset} stands nowhere in README.md or docs/"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_and_option_explains_itself(command):
    described = COMMANDS[command]
    assert described.help
    options = [parameter for parameter in described.params if isinstance(parameter, click.Option)]
    assert [option.name for option in options if not option.help and option.name != "target"] == []
