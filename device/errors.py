"""What can go wrong on the device, in words for the person who wears it.

LapelError                 (context/errors.py) a sentence that says what happened and what to do
└── DeviceError            something of the device
    ├── ModelError         a model, or the catalog that lists it, cannot be used
    │   ├── ModelMissing   it was never pulled, or a file of it is gone
    │   ├── ModelDamaged   a file of it is not what the catalog says
    │   ├── PullFailed     a source, or every source, did not give the right bytes
    │   └── DiskFull       there is no room for it
    ├── SettingsWrong      a settings file, profile or --set says what cannot be
    ├── SoundUnusable      the sound system
    │   ├── MicrophoneUnusable
    │   ├── SpeakerUnusable
    │   └── AudioFileUnusable
    ├── EngineUnusable     an engine's weights cannot be opened
    ├── EngineFailed       an engine gave up on one piece of work
    ├── AlreadyRunning     another assistant has the microphone and the timers
    ├── NotRunning         there is no assistant to ask
    ├── MuteNotKept        the microphone is off or on as asked, but a restart would change that
    └── ControlFailed      the running assistant can't be reached, or did not do what it was asked
"""

from context.errors import LapelError


class DeviceError(LapelError):
    """Something of the device: its models, its sound, its settings."""


class ModelError(DeviceError):
    """A model, or the catalog that lists it, cannot be used."""


class ModelMissing(ModelError):
    """A model was never pulled, or one of its files is gone."""


class ModelDamaged(ModelError):
    """A file of a model is there, and is not what the catalog says."""


class PullFailed(ModelError):
    """A source of a file, or every source of it, did not give the right bytes."""


class DiskFull(ModelError):
    """There is no room on the disk for what is being pulled."""


class SettingsWrong(DeviceError):
    """A settings file, profile or --set says something that cannot be."""


class SoundUnusable(DeviceError):
    """The sound system, or something that should be sound."""


class MicrophoneUnusable(SoundUnusable):
    """There is no such microphone, or it is busy."""


class SpeakerUnusable(SoundUnusable):
    """There is no such speaker, or it is busy."""


class AudioFileUnusable(SoundUnusable):
    """A file does not hold sound that can be read, or cannot be written."""


class EngineUnusable(DeviceError):
    """An engine's weights are missing or damaged, or its settings name what it has not."""


class EngineFailed(DeviceError):
    """An engine gave up on one piece of work; the next may go well."""


class AlreadyRunning(DeviceError):
    """Another assistant has the microphone and the timers."""


class NotRunning(DeviceError):
    """There is no running assistant to ask."""


class MuteNotKept(DeviceError):
    """The microphone is off or on as was asked, but would not be after a restart."""


class ControlFailed(DeviceError):
    """The running assistant can't be reached, or did not do what it was asked."""
