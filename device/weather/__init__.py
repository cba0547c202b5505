"""Forecast services: what `agents/tools/weather.py` asks for."""
