"""`python -m layercalc`, and what is installed as `layercalc`."""

import sys


def main() -> None:
    """The command line; a setting that makes no sense is told while its reader is imported, and is wrong input: 2."""
    try:
        from layercalc.cli import main as run
    except SystemExit as error:
        sys.stderr.write(f"{error.code}\n")
        sys.exit(2)
    run()


if __name__ == "__main__":
    main()
