"""The emulator: the same program in a simulated room, with a simulated wearer."""
