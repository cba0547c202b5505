"""Choosing a tool for what is no complete command: the likeliest uses, one of them, its slots.

`learned.py` knows the program's own tools; `train.py` teaches it. Without a sentence embedder, and
for the tools of others, the language model chooses from a short list (`shortlist.py`).
"""
