"""What was called in a turn."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from agents.tools import Receipt, Tool, Toolbox, ToolContext


@dataclass(frozen=True)
class Called:
    """A call. args: as given. filled: with the tool's own defaults, where it took the arguments.

    ok: it was done. asks: it asked something back. proposed: it was not called yet, but asked
    about ("Shall I …?"). ran: false where a call was only foreseen.
    """

    tool: str
    args: Mapping[str, object] = field(default_factory=dict[str, object])
    filled: Mapping[str, object] = field(default_factory=dict[str, object])
    ok: bool = False
    asks: bool = False
    proposed: bool = False
    ran: bool = True

    @property
    def intent(self) -> str:
        """The tool and, where it has several, its action: "timer.set"."""
        action = self.args.get("action")
        return f"{self.tool}.{action}" if action else self.tool

    def slot(self, name: str) -> object:
        """An argument, else the tool's default for it."""
        return self.args.get(name, self.filled.get(name))


class RecordingToolbox(Toolbox):
    """A toolbox that keeps what was called, and what came of it."""

    def __init__(self, tools: Iterable[Tool[Any]]) -> None:
        kept = list(tools)
        super().__init__(kept)
        self.tools = kept
        self.calls: list[Called] = []
        self.receipts: list[Receipt] = []

    def call(self, name: str, raw: Mapping[str, object], context: ToolContext) -> Receipt:
        """Call a tool and note it."""
        receipt = super().call(name, raw, context)
        self.calls.append(self.called(name, raw, receipt))
        self.receipts.append(receipt)
        return receipt

    def called(
        self, name: str, raw: Mapping[str, object], receipt: Receipt | None = None
    ) -> Called:
        """What a call is noted as; without a receipt, one that was only foreseen."""
        if receipt is None:
            return Called(name, dict(raw), self._filled(name, raw), ran=False)
        asks = receipt.asks is not None
        return Called(name, dict(raw), self._filled(name, raw), receipt.ok, asks)

    def proposed(self, receipt: Receipt) -> Called | None:
        """The call that a receipt asks about, if it isn't that of a call made here."""
        if receipt.asks is None or any(receipt is each for each in self.receipts):
            return None
        name, raw = receipt.asks.tool, receipt.asks.args
        return Called(name, dict(raw), self._filled(name, raw), asks=True, proposed=True)

    def forget_calls(self) -> None:
        """Begin anew."""
        self.calls.clear()
        self.receipts.clear()

    def _filled(self, name: str, raw: Mapping[str, object]) -> dict[str, object]:
        tool = self.get(name)
        try:
            return {} if tool is None else tool.args.model_validate(raw).model_dump(mode="json")
        except ValidationError:
            return {}
