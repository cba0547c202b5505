"""`lapel context panic` takes away what is set, also where no assistant runs."""

from datetime import UTC, datetime

from click.testing import CliRunner

from context.store import Store
from device.assemble import assemble_schedule
from device.cli import cli
from device.clock import SystemClock
from device.settings import state_dir


def test_panic_leaves_nothing_that_rings() -> None:
    store = Store(state_dir() / "memory", None, lambda: datetime.now(UTC))
    store.open()
    schedule = assemble_schedule(state_dir(), store, SystemClock())
    schedule.open()
    schedule.add_reminder("Zweiundvierzig-Zebras", seconds=500.0)
    schedule.add_alarm(seconds=500.0)
    schedule.close()
    store.close()
    done = CliRunner().invoke(
        cli, ["context", "panic", "--yes", "--set", "memory.embedder=none"], catch_exceptions=False
    )
    assert done.exit_code == 0, done.output
    schedule.open()
    assert (schedule.alarms(), schedule.reminders()) == ([], [])
    schedule.close()
