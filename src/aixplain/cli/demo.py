def demo() -> None:
    """A tour."""
