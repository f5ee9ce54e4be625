"""Where the hub keeps its runs, and what happens to them: the Protocols of a store, and a folder for each database."""
