"""Measuring the assistant: suites of turns, a world for each, and what came of them."""
