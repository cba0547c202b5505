"""What may leave the device: which tool, to which host, made from what. All else is denied.

`decide` is pure. A tool reaches only the hosts that the settings name for it. What the owner has
just said to it may go there, since it is what they asked for. What comes from memory may go only
if the owner has granted that way out (`Sink.NETWORK`). Words that are not the owner's may not, as
they could carry out what others planted. `Gate` asks it, and leaves a record before a byte goes.
"""

import ipaddress
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from context.errors import LapelError
from context.labels import BOTTOM, Compartment, Label, Trust

SPOKEN: Final = BOTTOM
"""The label of what the owner has just said: it comes from no compartment."""

_LOCAL: Final = tuple(
    ipaddress.ip_network(each)
    for each in (
        *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"),
        *("::1/128", "fc00::/7", "fe80::/10"),
    )
)


class Code(StrEnum):
    """Why something may leave, or may not."""

    SPOKEN = "spoken"
    GRANTED = "granted"
    NOT_SET_UP = "not_set_up"
    OTHER_HOST = "other_host"
    OTHERS_WORDS = "others_words"
    NOT_CLEARED = "not_cleared"
    NOT_ENCRYPTED = "not_encrypted"
    NOT_LOCAL = "not_local"

    @property
    def sentence(self) -> str:
        """The reason as a person reads or hears it."""
        return _SENTENCES[self]


_SENTENCES: Final = {
    Code.SPOKEN: "The owner has just said it to this tool.",
    Code.GRANTED: "The owner has allowed it to leave.",
    Code.NOT_SET_UP: "That tool isn't set up to reach the network.",
    Code.OTHER_HOST: "That isn't the server that my settings name, so I sent nothing to it.",
    Code.OTHERS_WORDS: "Those aren't your words, so I sent them nowhere.",
    Code.NOT_CLEARED: "That would send something I remember to another computer, so I didn't.",
    Code.NOT_ENCRYPTED: (
        "That server isn't reached by an encrypted connection: give an encrypted address of it, or"
        " allow this one in my settings."
    ),
    Code.NOT_LOCAL: (
        "Only a server in the home network may be reached without encryption: give an encrypted"
        " address of it."
    ),
}


class EgressDenied(LapelError):
    """Something was not sent. code: why."""

    def __init__(self, code: Code) -> None:
        super().__init__(code.sentence)
        self.code = code


@dataclass(frozen=True)
class Endpoint:
    """A server. host: its name or address, in lower case. tls: the connection is encrypted, and
    shows that it is that host.
    """

    host: str
    port: int
    tls: bool = True

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True)
class Outlet:
    """The ways out of one tool: the servers that its settings name. plain: they may be reached
    without encryption where they are in the home network.
    """

    servers: frozenset[tuple[str, int]]
    plain: bool = False


@dataclass(frozen=True)
class Leaving:
    """What would leave. label: of everything in the arguments."""

    tool: str
    to: Endpoint
    label: Label


@dataclass(frozen=True)
class Verdict:
    """Whether it may, and why."""

    allowed: bool
    code: Code


def decide(
    leaving: Leaving,
    outlets: Mapping[str, Outlet],
    cleared: frozenset[Compartment] = frozenset(),
) -> Verdict:
    """Whether it may leave. cleared: what the owner's grants open to the network. Pure."""
    outlet = outlets.get(leaving.tool)
    if outlet is None or not outlet.servers:
        return Verdict(False, Code.NOT_SET_UP)
    if (leaving.to.host, leaving.to.port) not in outlet.servers:
        return Verdict(False, Code.OTHER_HOST)
    if not leaving.to.tls and not outlet.plain:
        return Verdict(False, Code.NOT_ENCRYPTED)
    return _judged(leaving.label, cleared)


def _judged(label: Label, cleared: frozenset[Compartment]) -> Verdict:
    """Whether what has this label may leave, by whichever way."""
    if label.trust is not Trust.OWNER:
        return Verdict(False, Code.OTHERS_WORDS)
    if not label.compartments:
        return Verdict(True, Code.SPOKEN)
    if label.compartments <= cleared:
        return Verdict(True, Code.GRANTED)
    return Verdict(False, Code.NOT_CLEARED)


def is_local(addresses: Iterable[str]) -> bool:
    """Whether all of these IP addresses, and at least one, are of the home network or this device.

    Loopback, link-local and private addresses (RFC 1918, RFC 4193). Pure.
    """
    found = [_is_local(each) for each in addresses]
    return bool(found) and all(found)


def _is_local(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return any(ip.version == network.version and ip in network for network in _LOCAL)


Cleared = Callable[[frozenset[Compartment], bool], frozenset[Compartment]]
"""Which of these compartments the owner's grants open to the network now. With True, it is about to
leave: what was granted once is used up, if all of them are open."""


def nothing_cleared(_wanted: frozenset[Compartment], _use: bool) -> frozenset[Compartment]:
    """Nothing."""
    return frozenset()


class Gate:
    """Asks the policy, and leaves a record, before anything leaves.

    note: leaves a record of a tool's name and a verdict; what it raises keeps all inside. cleared:
    asked only where something remembered would leave.
    """

    def __init__(
        self,
        outlets: Mapping[str, Outlet],
        note: Callable[[str, Verdict], None],
        cleared: Cleared = nothing_cleared,
    ) -> None:
        self._outlets = dict(outlets)
        self._note = note
        self._cleared = cleared

    def open(self, leaving: Leaving) -> None:
        """Return if it may leave now. Raises EgressDenied, or what `note` raises."""
        verdict = self._decide(leaving)
        self._note(leaving.tool, verdict)
        if not verdict.allowed:
            raise EgressDenied(verdict.code)

    def may(self, label: Label) -> bool:
        """Whether what has this label might leave now: leaves no record, and uses nothing up. It is
        not the permission, which `open` gives; that says too what is wrong with the way out.
        """
        verdict = _judged(label, frozenset())
        if verdict.code is Code.NOT_CLEARED:
            verdict = _judged(label, self._cleared(label.compartments, False))
        return verdict.allowed

    def _decide(self, leaving: Leaving) -> Verdict:
        # First without the grants: one that holds once is not used up by what is denied anyway.
        verdict = decide(leaving, self._outlets)
        if verdict.code is Code.NOT_CLEARED:
            cleared = self._cleared(leaving.label.compartments, True)
            verdict = decide(leaving, self._outlets, cleared)
        return verdict

    def check_local(self, tool: str, addresses: Iterable[str]) -> None:
        """Return if a server without encryption is at home. Raises EgressDenied."""
        if not is_local(addresses):
            self._note(tool, Verdict(False, Code.NOT_LOCAL))
            raise EgressDenied(Code.NOT_LOCAL)
