"""What `tests/readers/test_code_sharing.py` says of shared layers, said to the interpreter."""

from tests.readers.test_code_sharing import *  # noqa: F403
