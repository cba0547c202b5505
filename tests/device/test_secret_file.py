"""Files with a token or a program's variables: what is too long is refused, and never cut."""

from collections.abc import Callable
from pathlib import Path

import pytest

from device.errors import SettingsWrong
from device.secret_file import read_secret, read_variables

MOST_BYTES = 10_000


@pytest.fixture
def secret(tmp_path: Path) -> Callable[[str], str]:
    def written(text: str) -> str:
        path = tmp_path / "secret"
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return str(path)

    return written


def test_a_token_may_be_as_long_as_that_and_no_longer(secret: Callable[[str], str]) -> None:
    longest = "a" * MOST_BYTES
    assert read_secret(secret(longest), "home.token_file") == longest
    with pytest.raises(SettingsWrong, match=r"^home\.token_file: .* longer than 10,000 bytes"):
        read_secret(secret(longest + "a"), "home.token_file")


def test_a_file_of_variables_is_not_cut(secret) -> None:
    lines = "A=1\n" * (MOST_BYTES // 4)
    assert read_variables(secret(lines), "tools.mcp.a.env_file") == {"A": "1"}
    with pytest.raises(SettingsWrong, match="longer than 10,000 bytes") as wrong:
        read_variables(secret(f"{lines}KEY=hidden"), "tools.mcp.a.env_file")
    assert "hidden" not in str(wrong.value)
