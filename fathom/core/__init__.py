"""The machine: primitives, the one door, the tape, dtypes, devices. It knows no operation."""
