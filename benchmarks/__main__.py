"""`python -m benchmarks NAME [--out FILE]`: run one benchmark, print its table, write its JSON."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

from benchmarks.machine import keep

NAMES = {
    "steps": "whole training steps of many models, beside PyTorch and JAX",
    "ops": "time per operation on tiny tensors, beside PyTorch",
    "composites": "softmax, convolutions and their like in eager mode, fused and as written, beside PyTorch",
    "kernels": "matrix products in GFLOP/s of one thread, beside PyTorch",
    "imports": "time from process start to `import fathom`, beside PyTorch",
    "first": "time from process start to LeNet's first finished epoch, beside PyTorch",
    "accuracy": "the full training runs behind the accuracy figures",
}


def main(arguments: list[str] | None = None) -> int:
    lines = "\n".join(f"  {name:10s} {what}" for name, what in NAMES.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=f"benchmarks:\n{lines}\n\n`python -m benchmarks NAME --help` lists the options of one.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
    )
    parser.add_argument("name", choices=NAMES, metavar="NAME")
    arguments = sys.argv[1:] if arguments is None else arguments
    if not arguments or arguments[0] in ("-h", "--help"):
        parser.print_help()
        return 0
    name = parser.parse_args(arguments[:1]).name
    benchmark = importlib.import_module(f"benchmarks.{name}")
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks {name}", description=NAMES[name])
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("build/benchmarks") / f"{name}.json",
        help="where the JSON goes (default: %(default)s)",
    )
    if hasattr(benchmark, "add_options"):
        benchmark.add_options(parser)
    options = parser.parse_args(arguments[1:])
    try:
        keep(benchmark.run(options), options.out)
    except KeyboardInterrupt:
        print("\nstopped")
        return 130  # as a shell says it of who was interrupted
    print(f"written to {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
