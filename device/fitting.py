"""Which language model a device has memory for. Pure, but for looking how much is free."""

from collections.abc import Callable
from dataclasses import dataclass

from device.models import Models
from device.models.catalog import RAM_CONTEXT_TOKENS, Entry
from device.network_settings import RemoteModelSettings
from device.settings import LlamaSettings, NoModelSettings, Settings

_MB = 1_000_000
_PRIVATE_TOKENS = 4096


@dataclass(frozen=True, slots=True)
class Fit:
    """The model that is used. needed_bytes: what all models of the settings take, with the usual
    one; free_bytes: what there was. small: it is the smaller one, for want of memory.
    """

    model: str
    needed_bytes: int
    free_bytes: int
    small: bool = False

    @property
    def sentence(self) -> str:
        """Which it is and why, for a log or a screen; it holds nothing of anyone's."""
        if not self.small:
            return self.model
        return (
            f"{self.model}, the smaller one: {self.free_bytes / _MB:,.0f} MB are free, and with the"
            f" usual one the models want about {self.needed_bytes / _MB:,.0f} MB"
        )


def fit(usual: str, small: str | None, *, needed_bytes: int, free_bytes: int) -> Fit:
    """The usual model if there is memory for all models with it, or if there is no smaller one."""
    too_little = small is not None and free_bytes < needed_bytes
    model = small if small is not None and too_little else usual
    return Fit(model, needed_bytes, free_bytes, too_little)


def free_memory_bytes() -> int:
    """What can be had without swapping (Linux: MemAvailable)."""
    import psutil

    return psutil.virtual_memory().available


def fitted(
    settings: Settings, models: Models, free_bytes: Callable[[], int] = free_memory_bytes
) -> Fit | None:
    """The language model for these settings on this machine now, before any is loaded; None where
    none runs here by llama-cpp settings. A smaller one that was never pulled is none.

    Raises:
        ModelError: the catalog has no such model.
    """
    think = settings.think
    if not isinstance(think, LlamaSettings):
        return None
    small = think.small if think.small not in ("none", think.model) else None
    if small is not None and not models.present(small):
        small = None
    needed = needed_bytes(settings, models, think.model)
    return fit(think.model, small, needed_bytes=needed, free_bytes=free_bytes())


def needed_bytes(settings: Settings, models: Models, thinking: str | None) -> int:
    """What all models of these settings take once they are loaded. thinking: which of their
    language models is, with the context that they give it; None: none.

    Raises:
        ModelError: the catalog has no such model.
    """
    others = [name for name in settings.models() if name not in settings.thinking()]
    needed = sum(_memory_bytes(models.catalog.entry(name)) for name in others)
    if thinking is None:
        return needed
    entry = models.catalog.entry(thinking)
    more_tokens = context_tokens(settings) - RAM_CONTEXT_TOKENS
    return needed + _memory_bytes(entry) + more_tokens * entry.context_token_bytes


def context_tokens(settings: Settings) -> int:
    """Tokens of context that a language model on this device is opened with; 0 for none.

    Beside a server's model it is bounded, whatever that has room for: memory goes by it.
    """
    match settings.think:
        case LlamaSettings(context_tokens=tokens):
            return tokens
        case RemoteModelSettings(context_tokens=tokens):
            return min(tokens, _PRIVATE_TOKENS)
        case NoModelSettings():
            return 0


def private(settings: Settings, models: Models) -> str | None:
    """The model on this device that answers what a server may not be sent; None where the settings
    name none, or it was never pulled.

    Raises:
        ModelError: the catalog has no such model.
    """
    think = settings.think
    if not isinstance(think, RemoteModelSettings) or think.private == "none":
        return None
    return think.private if models.present(think.private) else None


def pinned(settings: Settings, used: Fit | None) -> Settings:
    """The settings with the language model that was found, however much memory is free by now."""
    think = settings.think
    if used is None or not isinstance(think, LlamaSettings):
        return settings
    only = think.model_copy(update={"model": used.model, "small": "none"})
    return settings.model_copy(update={"think": only})


def _memory_bytes(entry: Entry) -> int:
    """What a model takes when loaded; where nobody measured it, at least its file."""
    return entry.ram_mb * _MB or entry.bytes
