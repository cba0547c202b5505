import pytest

from agents.evaluation.record import RecordingToolbox
from agents.tools.standard import standard_tools


@pytest.fixture
def toolbox(schedule, calendar) -> RecordingToolbox:
    return RecordingToolbox(standard_tools(schedule, calendar.now))
