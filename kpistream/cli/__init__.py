"""The command line: one command a file, and the wiring of everything else."""

import sys

INTERRUPTED = 130
"""Exit code: Ctrl-C before there was anything to stop."""


def main() -> None:
    """Run ``kpistream``."""
    try:
        # Imported here, so that a part of this room can be used without all commands.
        from kpistream.cli.program import program

        program(prog_name="kpistream")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
