"""Servers of tools, by the Model Context Protocol: what reaches them, on a thread of its own."""
