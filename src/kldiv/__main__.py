"""`python -m kldiv` is the command line."""

from kldiv.cli import main

if __name__ == "__main__":
    main()
