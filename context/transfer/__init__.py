"""The owner's memories, taken out and brought back: as text to read, and as a backup."""
