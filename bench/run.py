#!/usr/bin/env python3
"""Pairs firebreak with other backup programs on one generated tree; see bench/README.md."""

import argparse
import dataclasses
import filecmp
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile

import contestants
import measured

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CHANGES_PERCENT = [2, 4, 6, 8, 10]  # each a snapshot of its own after the first
SNAPSHOTS_KEPT = (len(CHANGES_PERCENT) + 1) // 2
SCENARIOS = ["backup", "unchanged", "restore", "check", "changed", "prune"]


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="Example: bench/run.py --size 2G --where /dev/shm --repeats 3 --json result.json",
    )
    parser.add_argument("--size", default="1G", help="of the tree, as 64M or 2G (default 1G)")
    parser.add_argument("--seed", type=int, default=1, help="of the tree (default 1)")
    parser.add_argument("--where", default="/dev/shm", help="folder for a folder of our own; memory"
                        " keeps the disk out of the comparison (default /dev/shm)")
    parser.add_argument("--repeats", type=int, default=3, help="(default 3)")
    parser.add_argument("--build", default=os.path.join(TOP, "build"), help="CMake's build folder")
    parser.add_argument("--programs", default=",".join(contestants.ALL),
                        help="which to pair, by commas (default all)")
    parser.add_argument("--json", help="file for everything that was measured")
    for name in contestants.ALL:
        parser.add_argument(f"--{name}", metavar="PROGRAM", help=f"where {name} is")
    return parser.parse_args()


def find_program(name, arguments):
    """A path, or nothing: the flag, then build/, then build/tools/, then PATH."""
    asked = getattr(arguments, name)
    if asked:
        return asked if os.access(asked, os.X_OK) else None
    for folder in (arguments.build, os.path.join(arguments.build, "tools")):
        program = os.path.join(folder, name)
        if os.access(program, os.X_OK) and os.path.isfile(program):
            return program
    return shutil.which(name)


def find_contestants(arguments, work):
    found = []
    for name in arguments.programs.split(","):
        program = find_program(name, arguments)
        if program is None:
            print(f"{name}: not found, left out", file=sys.stderr)
            continue
        found.append(contestants.ALL[name](program, os.path.join(work, name)))
    return found


def version_of(contestant):
    for words in (["version"], ["--version"]):
        done = subprocess.run([contestant.program, *words], capture_output=True, text=True,
                              check=False)
        if done.returncode == 0 and done.stdout:
            return done.stdout.splitlines()[0].strip()
    return "unknown"


class Tree:
    """The generated tree that everybody backs up."""

    def __init__(self, arguments, work):
        self.folder = os.path.join(work, "tree")
        self.command = [os.path.join(arguments.build, "bench", "firebreak-generate"),
                        "--bytes", arguments.size, "--seed", str(arguments.seed)]
        self.description = self.run()

    def run(self, *more):
        done = subprocess.run([*self.command, *more, self.folder], check=True, capture_output=True)
        return json.loads(done.stdout)

    def change(self, percent):
        self.run("--mutate", str(percent))

    def change_back(self, percent):
        self.run("--mutate", str(percent), "--revert")


def same_trees(one, other):
    compared = filecmp.dircmp(one, other)
    if compared.left_only or compared.right_only or compared.common_funny:
        return False
    _, different, unreadable = filecmp.cmpfiles(one, other, compared.common_files, shallow=False)
    if different or unreadable:
        return False
    return all(same_trees(os.path.join(one, name), os.path.join(other, name))
               for name in compared.common_dirs)


class Round:
    """One repetition: all programs in turn, scenario by scenario."""

    def __init__(self, programs, tree, work, verify):
        self.programs = programs
        self.tree = tree
        self.target = os.path.join(work, "restored")
        self.verify = verify
        self.costs = {program.name: {} for program in programs}
        self.stored_bytes = {}

    def measure(self, scenario, job):
        for program in self.programs:
            if program.name not in self.costs:
                continue
            try:
                self.costs[program.name][scenario] = job(program)
            except measured.Failed as problem:
                print(f"{program.name} failed at {scenario} and is left out: {problem}",
                      file=sys.stderr)
                del self.costs[program.name]

    def restore(self, program):
        cost = program.restore(self.target)
        restored = os.path.join(self.target, self.tree.folder.lstrip("/"))
        if not os.path.isdir(restored):
            restored = self.target
        try:
            if self.verify and not same_trees(self.tree.folder, restored):
                raise measured.Failed("what it restored differs from the tree")
        finally:
            shutil.rmtree(self.target, ignore_errors=True)
        return cost

    def copy(self, environment):
        """`cp -a` beside the restores."""
        cost = measured.run(["cp", "-a", self.tree.folder, self.target], environment)
        shutil.rmtree(self.target)
        return cost

    def run(self):
        for program in self.programs:
            program.prepare()
        self.measure("backup", lambda program: program.backup(self.tree.folder))
        for program in self.programs:
            self.stored_bytes[program.name] = program.stored_bytes()
        self.measure("unchanged", lambda program: program.backup(self.tree.folder))
        self.measure("restore", self.restore)
        if self.programs:
            self.costs["cp"] = {"restore": self.copy(self.programs[0].environment())}
        self.measure("check", lambda program: program.check())
        for percent in CHANGES_PERCENT:
            self.tree.change(percent)
            self.measure("changed", lambda program: program.backup(self.tree.folder))
            self.tree.change_back(percent)
        self.measure("prune", lambda program: program.prune(SNAPSHOTS_KEPT))
        if self.verify:
            self.measure("check after prune", lambda program: program.check())
        for program in self.programs:
            program.remove()


def measure_floor(arguments, tree, work):
    """What the same bytes cost at least, with as many threads as there are processors."""
    command = [os.path.join(arguments.build, "bench", "firebreak-floor"),
               "--threads", str(os.cpu_count()), "--work", os.path.join(work, "floor"), tree.folder]
    done = subprocess.run(command, check=True, capture_output=True)
    shutil.rmtree(os.path.join(work, "floor"), ignore_errors=True)
    return json.loads(done.stdout)["runs"][0]


def summary(values):
    return {"min": min(values), "median": statistics.median(values)}


def summarize(rounds, floors):
    """By scenario and program: seconds, memory, and the ratio to firebreak by repetition."""
    result = {}
    for scenario in SCENARIOS:
        rows = {}
        for name in dict.fromkeys(name for each in rounds for name in each.costs):
            costs = [each.costs[name][scenario] for each in rounds
                     if scenario in each.costs.get(name, {})]
            if not costs:
                continue
            rows[name] = {
                "wall_seconds": summary([cost.wall_seconds for cost in costs]),
                "cpu_seconds": summary([cost.cpu_seconds for cost in costs]),
                "resident_bytes_max": max(cost.resident_bytes_max for cost in costs),
                "anonymous_bytes_max": max(cost.anonymous_bytes_max for cost in costs),
            }
            pairs = [(each.costs[name][scenario], each.costs["firebreak"][scenario])
                     for each in rounds if scenario in each.costs.get(name, {})
                     and scenario in each.costs.get("firebreak", {})]
            if pairs and name != "firebreak":
                rows[name]["wall_times_of_firebreak"] = summary(
                    [other.wall_seconds / ours.wall_seconds for other, ours in pairs])
                rows[name]["cpu_times_of_firebreak"] = summary(
                    [other.cpu_seconds / ours.cpu_seconds for other, ours in pairs])
        parts = [floor[scenario] for floor in floors if scenario in floor]
        if parts:
            rows["floor"] = {
                "wall_seconds": summary([part["wall_seconds"] for part in parts]),
                "cpu_seconds": summary([part["cpu_seconds"] for part in parts]),
            }
        result[scenario] = rows
    return result


def mebibytes(row, key):
    return f"{row[key] / 2**20:.0f}" if key in row else ""


def print_table(result, stored_bytes):
    heading = ("scenario", "program", "wall min", "median", "cpu min", "RSS MiB", "private MiB",
               "wall ×", "cpu ×")
    lines = [heading]
    for scenario, rows in result.items():
        for name, row in rows.items():
            ratios = [row.get(f"{clock}_times_of_firebreak") for clock in ("wall", "cpu")]
            lines.append((
                scenario, name, f"{row['wall_seconds']['min']:.2f}",
                f"{row['wall_seconds']['median']:.2f}", f"{row['cpu_seconds']['min']:.2f}",
                mebibytes(row, "resident_bytes_max"), mebibytes(row, "anonymous_bytes_max"),
                *(f"{ratio['median']:.2f}" if ratio else "" for ratio in ratios)))
    widths = [max(len(line[i]) for line in lines) for i in range(len(heading))]
    for line in lines:
        print("  ".join(cell.ljust(width) if i < 2 else cell.rjust(width)
                        for i, (cell, width) in enumerate(zip(line, widths))))
    for name, size in stored_bytes.items():
        print(f"stored after the first backup: {name} {size / 2**20:.1f} MiB")
    for scenario, rows in result.items():
        if "floor" in rows and "firebreak" in rows:
            times = rows["firebreak"]["cpu_seconds"]["min"] / rows["floor"]["cpu_seconds"]["min"]
            print(f"{scenario}: processor time of firebreak is {times:.2f} times its floor")


def write_json(path, arguments, programs, tree, rounds, floors, result):
    document = {
        "machine": {"processors": os.cpu_count(), "system": platform.platform(),
                    "load_average": os.getloadavg()},
        "request": {"size": arguments.size, "seed": arguments.seed, "repeats": arguments.repeats,
                    "changes_percent": CHANGES_PERCENT, "snapshots_kept": SNAPSHOTS_KEPT},
        "versions": {program.name: version_of(program) for program in programs},
        "tree": tree.description,
        "summary": result,
        "stored_bytes": rounds[-1].stored_bytes,
        "rounds": [{name: {scenario: dataclasses.asdict(cost) for scenario, cost in costs.items()}
                    for name, costs in each.costs.items()} for each in rounds],
        "floors": floors,
    }
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1)


def main():
    arguments = parse_arguments()
    work = tempfile.mkdtemp(prefix="bench-", dir=arguments.where)
    try:
        programs = find_contestants(arguments, work)
        tree = Tree(arguments, work)
        rounds = []
        floors = []
        for repeat in range(arguments.repeats):
            print(f"round {repeat + 1} of {arguments.repeats}", file=sys.stderr)
            in_order = programs if repeat % 2 == 0 else programs[::-1]
            each = Round(in_order, tree, work, verify=repeat == 0)
            each.run()
            rounds.append(each)
            floors.append(measure_floor(arguments, tree, work))
        result = summarize(rounds, floors)
        print_table(result, rounds[-1].stored_bytes)
        if arguments.json:
            write_json(arguments.json, arguments, programs, tree, rounds, floors, result)
        incomplete = [program.name for program in programs
                      if any(program.name not in each.costs for each in rounds)]
        return 1 if incomplete else 0
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
