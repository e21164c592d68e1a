#!/usr/bin/env python3
"""Proves that the tests can fail: applies each seeded defect of mutants/*.patch to a copy of the
sources, builds what its first line names, and runs that; a defect that no test notices, or a patch
that no longer applies, makes this fail.

    mutate.py [--build=FOLDER] [NAME…]
    mutate.py --dry-run [NAME…]

The copy and its build stay in FOLDER (build-mutants), so that the next run is fast. A dry run only
says which patches no longer apply.
"""

import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
MARK = "Must fail: "
SECONDS_MAX = 900


def run(command, folder):
    """Exit code and output; a test that hangs has failed."""
    try:
        done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=SECONDS_MAX)
        return done.returncode, done.stdout
    except subprocess.TimeoutExpired:
        return 1, "timed out"


def must(command, folder):
    code, output = run(command, folder)
    if code != 0:
        sys.exit(f"{' '.join(map(str, command))}: {output}")
    return output


def targets_of(tests):
    """What to build for tests of a name such as repository/Pack."""
    folder, _, rest = tests.partition("/")
    known = {"crash": ["crash_workload", "crash_shim"], "fault": ["fault_test"],
             "conformance": ["backend_conformance"], "fuzz": [rest], "standby": ["firebreak"]}
    return known.get(folder, [f"{folder}_test"])


def prepare(copy):
    copy.mkdir(parents=True, exist_ok=True)
    files = must(["git", "ls-files"], TOP)
    for name in files.splitlines():
        source, target = TOP / name, copy / name
        content = source.read_bytes()
        if not target.exists() or target.read_bytes() != content:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            target.chmod(source.stat().st_mode)
    must(["cmake", "--preset", "release"], copy)
    # What tests need beside the sources, as far as it is there.
    for name in ("build/tools", "tests/standby/node_modules"):
        if (TOP / name).exists() and not (copy / name).exists():
            (copy / name).symlink_to(TOP / name)


def outcome(patch, copy):
    """What became of one defect: "seen", or why that cannot be said."""
    tests = patch.read_text().splitlines()[0].removeprefix(MARK)
    code, output = run(["patch", "-p1", "--batch", "-i", patch], copy)
    if code != 0:
        return f"DOES NOT APPLY: {output}"
    try:
        code, output = run(["cmake", "--build", "build", "--target", *targets_of(tests)], copy)
        if code != 0:
            return f"DOES NOT BUILD: {output[-2000:]}"
        code, output = run(["ctest", "--test-dir", "build", "--no-tests=error", "-R", f"^{tests}"],
                           copy)
        if "No tests were found" in output or "Not Run" in output:
            return f"NO TESTS {tests}: {output[-1000:]}"
        return f"seen by {tests}" if code != 0 else f"NOT SEEN by {tests}"
    finally:
        must(["patch", "-p1", "--batch", "-R", "-i", patch], copy)


def dry_run(patches):
    stale = [patch.stem for patch in patches
             if run(["patch", "-p1", "--batch", "--dry-run", "-i", patch], TOP)[0] != 0]
    for name in stale:
        print(f"{name}: DOES NOT APPLY")
    return bool(patches) and not stale


def main():
    folder = TOP / "build-mutants"
    names = []
    is_dry_run = False
    for argument in sys.argv[1:]:
        if argument.startswith("--build="):
            folder = pathlib.Path(argument.removeprefix("--build=")).absolute()
        elif argument == "--dry-run":
            is_dry_run = True
        else:
            names.append(argument)
    patches = [p for p in sorted((HERE / "mutants").glob("*.patch"))
               if not names or p.stem in names]
    if is_dry_run:
        sys.exit(0 if dry_run(patches) else 1)
    prepare(folder)
    seen = 0
    for patch in patches:
        start = time.monotonic()
        result = outcome(patch, folder)
        seen += result.startswith("seen")
        print(f"{patch.stem}: {result} ({time.monotonic() - start:.0f} s)", flush=True)
    print(f"{seen} of {len(patches)} defects seen")
    sys.exit(0 if patches and seen == len(patches) else 1)


if __name__ == "__main__":
    main()
