"""`lapel ask` where something of the settings is not here: it is said, and gone on without."""

import pytest
from click.testing import CliRunner

from device.cli import cli

SMALL = "smollm2-135m-instruct"
REMOTE = ("think.engine=openai-compatible", "think.url=https://127.0.0.1:9", "think.model=big")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ((*REMOTE, f"think.private={SMALL}"), f"lapel models pull {SMALL}"),
        (("think.engine=none", "tools.mcp.office.engine=stdio", "tools.mcp.office.command=x"),
         "lapel[mcp]"),
        (("think.engine=none",), ""),
    ],
)  # fmt: skip
def test_a_command_is_done_and_what_is_missing_named(
    home, monkeypatch, given: tuple[str, ...], says: str
) -> None:
    import importlib.util

    (home / "data" / "models" / SMALL).unlink(missing_ok=True)
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "mcp" else real(name, *a)
    )
    sets = [word for each in (*given, "memory.embedder=none") for word in ("--set", each)]
    done = CliRunner().invoke(cli, ["ask", "set a timer for five minutes", *sets])
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("Timer set for 5 minutes.")
    assert says in done.stderr
    assert done.stderr.count("lapel: ") == bool(says)
