"""`python -m layercalc`, and what is installed as `layercalc`."""

from layercalc.cli import main

if __name__ == "__main__":
    main()
