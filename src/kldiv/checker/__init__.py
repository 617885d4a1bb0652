"""Finds misuse of PyTorch's KL functions in source text; loads no torch."""
