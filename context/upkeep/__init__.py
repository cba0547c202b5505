"""What is kept, in numbers; whether it is whole; and what is done where it is not."""
