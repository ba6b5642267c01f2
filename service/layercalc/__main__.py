"""python -m layercalc"""

from layercalc.cli import main

main()
