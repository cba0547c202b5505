"""Homes: what `agents/tools/home.py` asks for, over Home Assistant."""
