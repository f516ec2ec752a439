"""`make bench ARGS="target --recipients 1000000"`: each figure beside a floor measured in the same run."""

import argparse
import sys

from benchmarks import imports, ledger, sms, stations, target

BENCHMARKS = {"target": target, "imports": imports, "sms": sms, "stations": stations, "ledger": ledger}
"""By name: a module with `options(parser)` and `run(arguments)`, which prints its figures."""


def main() -> None:
    """Run the benchmark that is named, or all of them."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    chosen = parser.add_subparsers(dest="name")
    for name, module in BENCHMARKS.items():
        module.options(chosen.add_parser(name, help=(module.__doc__ or "").splitlines()[0]))
    arguments = parser.parse_args(sys.argv[1:] or ["target"])
    BENCHMARKS[arguments.name].run(arguments)


if __name__ == "__main__":
    main()
