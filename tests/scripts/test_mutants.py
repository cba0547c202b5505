"""Every check that is listed is there; taking one away makes a test fail."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.tiers import cases

ROOT = Path(__file__).parents[2]
FEW = "scope: anybody,restricted by voice,grant: by any way out,writes anywhere,prompt: items"


def test_every_mutation_fits_the_source_once() -> None:
    listed = tomllib.loads((ROOT / "scripts" / "mutations.toml").read_text(encoding="utf-8"))
    mutations = listed["mutation"]
    assert len({each["name"] for each in mutations}) == len(mutations) >= 40
    for each in mutations:
        source = (ROOT / each["file"]).read_text(encoding="utf-8")
        assert source.count(each["find"]) == 1, each["name"]
        assert each["find"] != each["put"]
        assert all((ROOT / test).exists() for test in each["tests"]), each["name"]


@pytest.mark.timeout(3600)
def test_a_missing_check_fails_a_test(tmp_path: Path) -> None:
    report = tmp_path / "mutants.json"
    only = cases(["--only", FEW], [])
    command = [sys.executable, str(ROOT / "scripts" / "mutants"), "--json", str(report), *only]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    found = json.loads(report.read_text(encoding="utf-8"))
    assert found["survived"] == 0
    assert found["mutants"] == cases(5, found["mutants"])
