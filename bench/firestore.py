#!/usr/bin/env python3
"""Measures the capture of a Firestore that only replays; see bench/README.md."""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

import measured

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LEAF_BYTES = 64 * 1024
# What reading the tree costs is no part of a capture: its bytes come from the server.
PARTS_OF_READING = ("walk", "read")


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, epilog="Example: bench/firestore.py --documents 1000000 --rounds 3")
    parser.add_argument("--documents", type=int, default=500_000, help="(default 500000)")
    parser.add_argument("--rounds", type=int, default=3, help="(default 3)")
    parser.add_argument("--readers", type=int, default=4, help="(default 4)")
    parser.add_argument("--where", default="/dev/shm", help="folder for a folder of our own")
    parser.add_argument("--build", default=os.path.join(TOP, "build"), help="CMake's build folder")
    return parser.parse_args()


def start_server(arguments):
    server = subprocess.Popen(
        [os.path.join(arguments.build, "bench", "firebreak-replay"), "--documents",
         str(arguments.documents)], stdout=subprocess.PIPE, text=True)
    return server, server.stdout.readline().strip()


def floor_seconds(arguments, drain, address, work):
    """Processor seconds of hashing, compressing, sealing, verifying and writing the same bytes."""
    tree = os.path.join(work, "tree")
    os.mkdir(tree)
    whole = os.path.join(work, "documents")
    subprocess.run([*drain, address, "--into", whole], check=True, stdout=subprocess.DEVNULL)
    # As leaves are: what compresses less well in small pieces does so for everybody.
    subprocess.run(["split", "-b", str(LEAF_BYTES), "-a", "6", "-d", whole, f"{tree}/leaf"],
                   check=True)
    os.remove(whole)
    done = subprocess.run(
        [os.path.join(arguments.build, "bench", "firebreak-floor"), "--work",
         os.path.join(work, "floor"), "--threads", str(os.cpu_count()), "--level", "1", tree],
        check=True, capture_output=True, text=True)
    shutil.rmtree(tree)
    parts = json.loads(done.stdout)["runs"][0]["backup"]["parts"]
    return sum(cost["cpu_seconds"] for part, cost in parts.items() if part not in PARTS_OF_READING)


def measure(arguments, address, work):
    program = os.path.join(arguments.build, "firebreak")
    drain = [os.path.join(arguments.build, "bench", "firebreak-drain"), "--readers",
             str(arguments.readers)]
    environment = {**os.environ, "FIRESTORE_EMULATOR_HOST": address, "FIREBREAK_PASSWORD": "bench",
                   "XDG_CACHE_HOME": os.path.join(work, "cache"),
                   "BENCH_OUTPUT": os.path.join(work, "output")}
    repository = os.path.join(work, "repository")
    backup = [program, "backup", "-q", "-r", repository, "--readers", str(arguments.readers),
              "firestore://bench"]
    costs = {"drain": [], "capture": [], "second point": []}
    for _ in range(arguments.rounds):
        shutil.rmtree(repository, ignore_errors=True)
        measured.run([program, "init", "-q", "-r", repository], environment)
        costs["drain"].append(measured.run([*drain, address], environment))
        costs["capture"].append(measured.run(backup, environment))
        costs["second point"].append(measured.run(backup, environment))
    return costs, floor_seconds(arguments, drain, address, work)


def main():
    arguments = parse_arguments()
    work = tempfile.mkdtemp(prefix="firestore-", dir=arguments.where)
    server, address = start_server(arguments)
    try:
        costs, floor = measure(arguments, address, work)
    except (measured.Failed, subprocess.CalledProcessError) as problem:
        print(problem, file=sys.stderr)
        return 1
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(work)
    scale = 1e6 / arguments.documents
    print(f"{arguments.documents} documents, {arguments.readers} readers, {os.cpu_count()} cores; "
          "medians")
    for name, several in costs.items():
        wall = statistics.median(cost.wall_seconds for cost in several)
        cpu = statistics.median(cost.cpu_seconds for cost in several)
        memory = max(cost.anonymous_bytes_max for cost in several)
        print(f"{name:13} {wall:7.2f} s  {arguments.documents / wall:9.0f} documents/s  "
              f"{cpu * scale:6.2f} µs of processor a document  {memory >> 20:4} MiB private")
    least = [drain.cpu_seconds + floor for drain in costs["drain"]]
    ratios = [capture.cpu_seconds / one for capture, one in zip(costs["capture"], least)]
    print(f"floor: drain and {floor * scale:.2f} µs a document; capture takes "
          f"{statistics.median(ratios):.2f} times that")
    return 0


if __name__ == "__main__":
    sys.exit(main())
