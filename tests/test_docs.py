"""What the documents name exists, and what they must not name is not there."""

import re
import subprocess
import tomllib
from pathlib import Path

import click
import pytest

from device.cli import cli

ROOT = Path(__file__).parents[1]
DOCUMENTS = ("README.md", "ARCHITECTURE.md", "PRIVACY.md", "CONTRIBUTING.md", "CHANGELOG.md")
_PATH = re.compile(
    r"(?<![\w/.-])(?:device|agents|context|tests|scripts|\.ci)/[\w./-]*[\w/]|"
    r"(?<![\w/.-])(?:pyproject\.toml|constraints\.txt|[A-Z]+\.md)"
)


def tracked() -> list[str]:
    done = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip("not a git checkout")
    return done.stdout.splitlines()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_paths_exist(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    named = set(_PATH.findall(text))
    assert document in ("CHANGELOG.md",) or named
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_commands_exist(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    for line in re.findall(r"(?:^|`|'|bin/)lapel ([a-z]+(?: [a-z-]+)?)", text, re.MULTILINE):
        first, *rest = line.split()
        assert first in cli.commands, line
        command = cli.commands[first]
        if isinstance(command, click.Group) and rest:
            assert rest[0] in command.commands, line


def test_every_command_is_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in cli.commands if f"lapel {name}" not in text] == []


def test_architecture_is_one_page() -> None:
    assert len((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").split()) < 1200


def test_every_dependency_says_why() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["test"]
    for requirement in wanted:
        line = next(line for line in text.splitlines() if f'"{requirement}"' in line)
        assert re.search(r"#\s+\w+", line), requirement


def test_the_packages_are_ours_and_not_anothers_of_the_same_name() -> None:
    import agents
    import context
    import device

    for package in (agents, context, device):
        assert Path(str(package.__file__)).parents[1] == ROOT


def test_no_registry_host_or_path_of_a_machine_is_named() -> None:
    hosts = ["py" + "pi.org", "python" + "hosted", "registry.npm" + "js", "deb." + "debian"]
    for name in tracked():
        path = ROOT / name
        if not path.is_file() or path.suffix in (".png", ".wav"):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        assert [host for host in hosts if host in text] == [], name


def test_no_recording_or_weight_is_tracked() -> None:
    heavy = (".wav", ".flac", ".mp3", ".gguf", ".onnx", ".bin", ".whl")
    assert [name for name in tracked() if name.endswith(heavy)] == []
