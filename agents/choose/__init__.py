"""Choosing a tool for what is no complete command: the likeliest uses, one of them, its slots."""
