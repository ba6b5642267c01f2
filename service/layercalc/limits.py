"""How much one request may ask for. Every limit is a setting, `LAYERCALC_` and its name in capitals."""

import os
from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Limits:
    """The limits of the service; the command line and Python have none of them."""

    max_body_bytes: int = 64 << 20
    max_layers: int = 20_000
    max_forward_flops: int = 200_000_000_000
    max_forward_bytes: int = 4 << 30
    max_forward_outputs: int = 4_000_000  # numbers in one answer
    max_forward_steps: int = 1_000_000  # op calls: a loop over time makes many small ones
    max_forward_seconds: int = 60  # looked at between layers and between the steps of a loop
    max_forward_passes: int = 2  # at a time in one process
    max_hdf5_bytes: int = 0  # of a .keras or .h5 file, inflated; 0: HDF5 is not parsed at all

    @classmethod
    def from_environment(cls) -> "Limits":
        given = {field.name: os.environ.get(setting(field.name)) for field in fields(cls)}
        try:
            return cls(**{name: int(value) for name, value in given.items() if value is not None})
        except ValueError as error:
            raise SystemExit(f"A setting LAYERCALC_MAX_… is not an integer: {error}") from None


def setting(name: str) -> str:
    """The environment variable of a limit."""
    return f"LAYERCALC_{name.upper()}"


UNLIMITED = Limits(*(1 << 62 for _ in fields(Limits)))
