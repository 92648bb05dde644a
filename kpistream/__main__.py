"""``python -m kpistream``."""

from kpistream.cli import main

if __name__ == "__main__":
    main()
