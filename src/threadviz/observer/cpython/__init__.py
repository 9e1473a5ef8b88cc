"""What is told of a Python from outside: which it is, where it keeps its GIL, and who holds that."""
