"""Runs a program and measures it: wall and processor time, peak resident and private memory."""

import dataclasses
import os
import subprocess
import threading
import time

SAMPLE_SECONDS = 0.05


@dataclasses.dataclass
class Cost:
    """Of one or several runs: times add up, memory is that of the largest."""

    wall_seconds: float = 0
    cpu_seconds: float = 0
    resident_bytes_max: int = 0  # mapped files included
    anonymous_bytes_max: int = 0  # what the kernel cannot drop; sampled

    def and_then(self, other):
        return Cost(
            self.wall_seconds + other.wall_seconds,
            self.cpu_seconds + other.cpu_seconds,
            max(self.resident_bytes_max, other.resident_bytes_max),
            max(self.anonymous_bytes_max, other.anonymous_bytes_max),
        )


class Failed(Exception):
    """A program ended with an error: its measurement means nothing."""


def anonymous_bytes(pid):
    """0 when the process has ended."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as rollup:
            for line in rollup:
                if line.startswith("Anonymous:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def run(command, environment, folder=None):
    """The Cost of `command`. Raises Failed with its output when it does not end with 0."""
    largest = 0
    ended = threading.Event()

    def sample(pid):
        nonlocal largest
        while not ended.wait(SAMPLE_SECONDS):
            largest = max(largest, anonymous_bytes(pid))

    with open(environment["BENCH_OUTPUT"], "wb") as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=output,
            stderr=output)
        sampler = threading.Thread(target=sample, args=(process.pid,))
        sampler.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        ended.set()
        sampler.join()
    if process.returncode != 0:
        with open(environment["BENCH_OUTPUT"], encoding="utf-8", errors="replace") as output:
            end = output.read()[-2000:]
        raise Failed(f"{' '.join(command)}: exit {process.returncode}\n{end}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, largest)
