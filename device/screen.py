"""What a person sees while the assistant runs: the conversation, and a waterfall a turn."""

from collections import defaultdict

from rich.console import Console
from rich.control import Control
from rich.markup import escape
from rich.segment import ControlType
from rich.text import Text

from agents.durations import say_duration
from device.events import (
    BargedIn,
    ChunksDropped,
    Event,
    FollowUpClosed,
    FollowUpOpened,
    Interrupted,
    MicrophoneBack,
    MicrophoneLost,
    MicrophoneMuted,
    MicrophoneUnmuted,
    NothingSaid,
    PartlyTranscribed,
    Rang,
    Ready,
    Resumed,
    SpeakerBack,
    SpeakerLost,
    StageFailed,
    Transcribed,
    TurnEnded,
    WentOn,
    Woke,
)
from device.waterfall import waterfall


class Screen:
    """Prints events as they come."""

    def __init__(self, console: Console, *, ready: str, words: bool) -> None:
        """Print to `console`; `ready` is said when the assistant is.

        Without `words`, what people and the assistant say is left out: where the output is no
        screen, it may well be a log.
        """
        self._console = console
        self._words = words
        self._ready = ready
        self._turns: dict[int, list[Event]] = defaultdict(list)

    def show(self, event: Event) -> None:
        """Print one event, if it is one for people."""
        self._turns[event.turn_id].append(event)
        out = self._console.print
        match event:
            case Ready():
                out(f"[bold]{escape(self._ready)}[/bold]")
            case Woke():
                out(f"\n[cyan]({escape(event.wake_word.replace('_', ' '))})[/cyan] listening …")
            case NothingSaid():
                out("[dim]Nothing was said.[/dim]")
            case FollowUpOpened():
                out("[dim](go on, or be silent)[/dim]")
            case FollowUpClosed():
                self._turns.pop(event.turn_id, None)
            case PartlyTranscribed():
                self._part(event.text)
            case WentOn():
                out("[dim](you went on)[/dim]")
            case Transcribed():
                self._clear()
                out(f"[bold cyan]  you:[/bold cyan] {self._said(event.text)}")
            case BargedIn():
                out("[dim](listening to you)[/dim]")
            case Resumed():
                out("[dim](going on)[/dim]")
            case Interrupted():
                out("[dim](interrupted)[/dim]")
            case Rang():
                out(f"\n[bold magenta] ring:[/bold magenta] {self._said(event.text)}")
            case TurnEnded():
                self._end(event)
            case MicrophoneLost():
                out("[yellow]The microphone gives no sound; opening it again …[/yellow]")
            case MicrophoneBack():
                out("[green]The microphone is back.[/green]")
            case MicrophoneMuted():
                out(f"[bold red]{_muted(event.for_s)}[/bold red]")
            case MicrophoneUnmuted():
                out("[bold green]The microphone is on.[/bold green]")
            case SpeakerLost():
                out("[yellow]The speaker takes no sound; opening it again …[/yellow]")
            case SpeakerBack():
                out("[green]The speaker is back.[/green]")
            case ChunksDropped():
                out(f"[yellow]Too slow: {event.count} chunks of sound were lost.[/yellow]")
            case StageFailed():
                out(f"[yellow]{event.stage} failed ({event.error}).[/yellow]")
            case _:
                pass

    def _part(self, text: str) -> None:
        """Show what is understood so far, on a line that the next one is written over."""
        if self._words and self._console.is_terminal:
            self._clear()
            line = Text(f"  you: {text} …", style="dim")
            self._console.print(line, end="\r", overflow="ellipsis", no_wrap=True)

    def _clear(self) -> None:
        if self._words and self._console.is_terminal:
            self._console.control(Control((ControlType.ERASE_IN_LINE, 2)))

    def _said(self, text: str) -> str:
        return escape(text) if self._words else "…"

    def _end(self, event: TurnEnded) -> None:
        events = self._turns.pop(event.turn_id)
        drawn = waterfall(events)
        if drawn is None:
            return
        if event.heard:
            self._console.print(f"[bold green]lapel:[/bold green] {self._said(event.heard)}")
        for line in drawn.lines():
            self._console.print(f"[dim]{line}[/dim]", highlight=False)
        if drawn.voice_to_voice_s is not None:
            self._console.print(
                f"[dim]   voice to voice [/dim][bold]{drawn.voice_to_voice_s:.2f} s[/bold]",
                highlight=False,
            )


def _muted(for_s: float | None) -> str:
    while_s = "" if for_s is None else f" for {say_duration(for_s)}"
    return f"The microphone is off{while_s}; the button, or 'lapel mic on', turns it on."
