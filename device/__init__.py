"""The device: it hears, speaks, and owns time, hardware and the command line."""
