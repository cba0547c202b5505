"""What the assistant knows: what may be remembered, recalled and forgotten, and by whom."""
