"""Training needs the sentence embedder's weights."""

import subprocess
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts" / "train_choose"


def test_without_models_it_says_what_to_pull_and_writes_nothing(home: Path) -> None:
    (home / "data" / "models" / "minilm-l6-v2-int8").unlink(missing_ok=True)
    done = subprocess.run([str(SCRIPT)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("scripts/train_choose: ")
    assert "lapel models pull minilm-l6-v2-int8" in line
    assert done.stdout == ""
