"""The command line: one command a file, and the wiring of everything else."""


def main() -> None:
    """Run ``kpistream``."""
    # Imported here, so that a part of this room can be used without all commands.
    from kpistream.cli.program import program

    program(prog_name="kpistream")
