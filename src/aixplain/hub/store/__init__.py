"""Where the hub keeps its catalog and its runs."""
