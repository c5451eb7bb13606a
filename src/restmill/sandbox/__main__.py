"""`python -m restmill.sandbox`: the sandbox as a process of its own, until it is interrupted."""

import argparse
import sys

from restmill.sandbox.behaviour import SWITCHES, Behaviour, SwitchError
from restmill.sandbox.data import KINDS
from restmill.sandbox.server import run_forever


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m restmill.sandbox",
        description="An API server that behaves like real ones, good and bad.",
        epilog="switches for --set:\n" + "\n".join(f"  {name:20} {meaning}" for name, meaning in SWITCHES),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--port", type=int, default=8765, help="port on loopback; 0 takes a free one (default: 8765)"
    )
    parser.add_argument("--rows", help="records in each collection")
    parser.add_argument("--latency-ms", type=float, help="wait before each answer, in milliseconds")
    parser.add_argument("--fail", metavar="RATE", help="rate of requests that fail, 0 to 1")
    parser.add_argument("--seed", help="what all data and all chance depend on")
    parser.add_argument("--key", help="the API key to ask for")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="any other switch")
    parser.add_argument(
        "--warm", action="append", default=[], choices=list(KINDS), help="make this collection before serving"
    )
    return parser


def _behaviour(options: argparse.Namespace) -> Behaviour:
    latency = None if options.latency_ms is None else options.latency_ms / 1000
    named = {
        "rows": options.rows,
        "latency_s": latency,
        "fail_rate": options.fail,
        "seed": options.seed,
        "key": options.key,
    }
    pairs = (pair.partition("=") for pair in options.set)
    changes = {name.strip().replace("-", "_"): value.strip() for name, _, value in pairs}
    return Behaviour().changed(
        {**{name: value for name, value in named.items() if value is not None}, **changes}
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code: 0 stopped, 1 the port is taken, 2 a switch is wrong."""
    options = _parser().parse_args(arguments)
    try:
        behaviour = _behaviour(options)
    except SwitchError as error:
        sys.stderr.write(f"{error}\n")
        return 2

    def announce(base_url: str) -> None:
        sys.stdout.write(f"restmill sandbox on {base_url}\n")
        sys.stdout.flush()

    try:
        run_forever(behaviour, options.port, announce, warm=options.warm)
    except OSError as error:
        sys.stderr.write(f"cannot listen on port {options.port}: {error.strerror}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
