"""Starts moto's AWS with our model of AWS around it: everything in `model/` is ours, built from AWS's documentation."""

from __future__ import annotations

import argparse
import os
import sys
import threading


def end_with_parent() -> None:
    """Whoever started us holds our standard input: when it closes, they are gone, however they went."""
    sys.stdin.buffer.read()
    os._exit(0)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--address", action="append", default=[], help="besides loopback")
    asked = parser.parse_args()
    # moto reads these while it is imported: Step Functions calls Lambda through this port.
    os.environ["MOTO_PORT"] = str(asked.port)
    os.environ.setdefault("MOTO_ACCOUNT_ID", "123456789012")

    threading.Thread(target=end_with_parent, daemon=True).start()

    from model.server import serve

    serve(asked.port, asked.address)


if __name__ == "__main__":
    main()
