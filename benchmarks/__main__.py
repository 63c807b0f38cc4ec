"""`python -m benchmarks NAME [--out FILE]`: run one benchmark, print its table, write its JSON."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from pathlib import Path

NAMES = {
    "ops": "time per operation on tiny tensors, against PyTorch",
    "steps": "whole training steps, eager and compiled, against PyTorch",
    "imports": "time from process start to `import fathom`, against PyTorch",
    "accuracy": "the full training runs behind the accuracy figures",
}


def main() -> int:
    lines = "\n".join(f"  {name:10s} {what}" for name, what in NAMES.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=f"benchmarks:\n{lines}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", choices=NAMES, metavar="NAME")
    parser.add_argument(
        "--out", type=Path, help="where the JSON goes (default: build/benchmarks/NAME.json)"
    )
    args = parser.parse_args()
    result = importlib.import_module(f"benchmarks.{args.name}").run()
    out = args.out or Path("build/benchmarks") / f"{args.name}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(result, indent=1) + "\n")
    print(f"written to {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
