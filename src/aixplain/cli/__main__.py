"""`python -m aixplain.cli` is `aix`."""

from aixplain.cli import main

if __name__ == "__main__":
    main()
