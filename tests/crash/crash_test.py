#!/usr/bin/env python3
"""Kills real processes at every call that changes a file, and replays their file operations into
every state that a power loss may leave. After each, all that was promised must read byte-equal, a
backup must work without further steps, and restic must agree (on a sample).

    crash_test.py WORKLOAD SHIM [--full]
"""

import itertools
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

TEMPORARY = "firebreak-tmp"  # its entries are never part of a repository
SUBSETS_MAX = 64  # of unsynced folder entries; more are sampled
STATES_MAX = 100  # tried for each verb without --full
RESTIC_PER_VERB = 2
BATCH = 50  # repositories that exist at once
# 1 and 3 share a blob, as 2 and 4 do: forgetting 1 leaves an index file to write anew, and
# forgetting 2 a pack.
BASE = {1, 2, 3, 4}
FROM_NOTHING = {"init", "first"}
VERBS = [("init",), ("first", "5"), ("save", "5"), ("forget", "2"), ("prune", "1"), ("prune", "2"),
         ("tag",), ("key",)]


class Harness:
    def __init__(self, workload, shim, full, folder):
        self.workload, self.shim, self.full, self.folder = workload, shim, full, folder
        self.failures = []
        self.seed = random.randrange(2**32)
        self.random = random.Random(self.seed)
        self.base = folder / "base"
        for verb in (["init"], *(["save", str(seed)] for seed in sorted(BASE))):
            self.operate(verb, self.base, check=True)
        self.files_of_base = {n: c for n, c in read_tree(self.base).items() if c is not None}

    def operate(self, verb, repository, check=False, **settings):
        environment = dict(os.environ)
        if settings:
            environment.update({k: str(v) for k, v in settings.items()})
            environment["LD_PRELOAD"] = str(self.shim)
            environment["FIREBREAK_CRASH_ROOT"] = str(self.folder)
        cache = repository.parent / (repository.name + ".cache")
        shutil.rmtree(cache, ignore_errors=True)
        command = [self.workload, verb[0], repository, cache, *verb[1:]]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=check)

    def survivors(self, repositories):
        """A line of `survive` for each repository."""
        lines = []
        for start in range(0, len(repositories), BATCH):
            some = repositories[start:start + BATCH]
            command = [self.workload, "survive", self.folder / "survive.cache", *some]
            done = subprocess.run(command, capture_output=True, text=True)
            lines += done.stdout.splitlines()
            if done.returncode != 0 or len(lines) != start + len(some):
                lines += [f"lost: died with {done.returncode}: {done.stderr}"]
                lines += ["not run"] * (start + len(some) - len(lines))
        return lines

    def judge(self, what, verb, promises, line):
        """Whether a repository holds what was promised before the crash."""
        wanted = set() if verb[0] in FROM_NOTHING else set(BASE)
        if verb[0] in ("forget", "prune"):
            wanted.discard(int(verb[1]))
        wanted |= {int(p.split()[1]) for p in promises if p.startswith("saved")}
        words = line.split()
        good = words[0] == "intact" and wanted <= set(map(int, words[1:]))
        good = good or (words[0] == "none" and verb[0] in FROM_NOTHING and not promises)
        if not good:
            self.failures.append(f"{what}: promised {promises}, wanted {sorted(wanted)}: {line}")

    def restic_check(self, what, repository):
        restic = os.environ.get("FIREBREAK_TEST_RESTIC") or shutil.which("restic")
        if restic is None:
            self.failures.append("no restic: set FIREBREAK_TEST_RESTIC")
            return
        command = [restic, "--no-cache", "--no-lock", "-r", repository, "check", "--read-data"]
        environment = dict(os.environ, RESTIC_PASSWORD="secret")
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            self.failures.append(f"{what}: restic check: {done.stdout}{done.stderr}")

    def start(self, verb, name):
        repository = self.folder / name
        if verb[0] not in FROM_NOTHING:
            # Pack folders without packs are made again when needed.
            write_tree(repository, self.files_of_base, ["locks", "data"])
        return repository

    def kill_sweep(self, verb):
        """A kill before each call; ends with how many there were."""
        cells = []
        step = 1 if self.full or verb[0] not in FROM_NOTHING else 9
        at = 1
        while True:
            repository = self.start(verb, f"kill-{at}")
            done = self.operate(verb, repository, FIREBREAK_CRASH_AT=at)
            cells.append((at, repository, done.stdout.splitlines()))
            if done.returncode == 0:
                break
            if done.returncode != -9:
                self.failures.append(f"{verb} killed at {at}: ended with {done.returncode}: "
                                     f"{done.stderr}")
                break
            at += step
        lines = self.survivors([repository for _, repository, _ in cells])
        for (at, _, promises), line in zip(cells, lines):
            self.judge(f"{verb} killed at call {at}", verb, promises, line)
        for at, repository, _ in self.random.sample(cells, min(RESTIC_PER_VERB, len(cells))):
            self.restic_check(f"{verb} killed at call {at}", repository)
        for _, repository, _ in cells:
            shutil.rmtree(repository, ignore_errors=True)
        return len(cells)

    def without_links(self):
        """Names are given by renaming where a file system has no links, and never taken away."""
        verb = ["save", "77"]
        repository = self.start(verb, "no-links")
        before = read_tree(repository)
        done = self.operate(verb, repository, FIREBREAK_CRASH_NO_LINKS=1, FIREBREAK_CRASH_AT=0)
        if done.returncode != 0:
            self.failures.append(f"{verb} without links: {done.stderr}")
        line = self.survivors([repository])[0]
        self.judge(f"{verb} without links", verb, done.stdout.splitlines(), line)
        self.restic_check(f"{verb} without links", repository)
        again = self.operate(["init"], repository, FIREBREAK_CRASH_NO_LINKS=1, FIREBREAK_CRASH_AT=0)
        after = read_tree(repository)
        if again.returncode == 0 or any(after.get(n) != c for n, c in before.items()):
            self.failures.append("init without links replaced what was there")
        shutil.rmtree(repository)

    def power_loss(self, verb):
        """Every state that a power loss may leave; ends with how many."""
        repository = self.start(verb, "power")
        log = self.folder / "power.log"
        log.unlink(missing_ok=True)
        before = read_tree(repository)
        done = self.operate(verb, repository, FIREBREAK_CRASH_LOG=log, FIREBREAK_CRASH_AT=0)
        if done.returncode != 0:
            self.failures.append(f"{verb}: {done.stderr}")
            return 0
        operations = read_log(log, repository)
        states = {}
        for end in range(len(operations) + 1):
            promises = [op[1] for op in operations[:end] if op[0] == "promise"]
            for files, folders in crash_states(operations[:end], before, self.random):
                key = (frozenset(files.items()), frozenset(folders))
                states[key] = (end, promises)  # the last one has promised most
        chosen = list(states.items())
        if not self.full and len(chosen) > STATES_MAX:
            chosen = self.random.sample(chosen, STATES_MAX)
        for start in range(0, len(chosen), BATCH):
            self.try_states(verb, operations, chosen[start:start + BATCH], start == 0)
        shutil.rmtree(repository, ignore_errors=True)
        return len(chosen), len(states)

    def try_states(self, verb, operations, states, ask_restic):
        places = []
        for number, ((files, folders), _) in enumerate(states):
            places.append(self.folder / f"state-{number}")
            write_tree(places[-1], dict(files), folders)
        lines = self.survivors(places)
        for (_, (end, promises)), line in zip(states, lines):
            last = operations[end - 1][:2] if end else "the start"
            self.judge(f"{verb}: power lost after {last}", verb, promises, line)
        asked = min(RESTIC_PER_VERB, len(places)) if ask_restic else 0
        for place in self.random.sample(places, asked):
            self.restic_check(f"{verb}: {place.name}", place)
        for place in places:
            shutil.rmtree(place)


def read_tree(folder):
    return {str(p.relative_to(folder)): p.read_bytes() if p.is_file() else None
            for p in folder.rglob("*")} if folder.exists() else {}


def write_tree(folder, files, folders):
    folder.mkdir()
    for name in folders:
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def read_log(log, repository):
    """Operations below the repository, paths relative to it, in the order they were made."""
    operations = []
    for line in log.read_text().splitlines():
        kind, *fields = line.split("\t")
        if kind == "promise":
            text = bytes.fromhex(fields[0]).decode()
            operations += [("promise", promise) for promise in text.splitlines()]
            continue
        paths = [os.path.relpath(f, repository) if f.startswith("/") else f for f in fields]
        if not paths[0].startswith(".."):
            operations.append((kind, *paths))
    return operations


def replay(operations):
    """The content of each inode with what of it is synced, and the changes of folders:
    (kind, path, inode, whether the folder was synced since)."""
    inodes, names, changes = {}, {}, []
    for operation in operations:
        kind, path = operation[0], operation[1]
        if kind == "create":
            names[path] = inode = len(inodes)
            inodes[inode] = {"whole": b"", "synced": b""}
            changes.append(["add", path, inode, False])
        elif kind == "write":
            inodes[names[path]]["whole"] += bytes.fromhex(operation[2])
        elif kind == "fsync" and path in names:
            inodes[names[path]]["synced"] = inodes[names[path]]["whole"]
        elif kind == "fsync":
            for change in changes:
                if (os.path.dirname(change[1]) or ".") == path:
                    change[3] = True
        elif kind in ("link", "rename"):
            names[operation[2]] = names[path]
            changes.append(["add", operation[2], names[path], False])
            if kind == "rename":
                changes.append(["remove", path, names.pop(path), False])
        elif kind == "unlink":
            changes.append(["remove", path, names.pop(path, None), False])
        elif kind == "mkdir" and path != ".":
            changes.append(["mkdir", path, None, False])
    return inodes, changes


def subsets(count, chance):
    if 2**count <= SUBSETS_MAX:
        yield from itertools.product([False, True], repeat=count)
        return
    yield (False,) * count
    yield (True,) * count
    for _ in range(SUBSETS_MAX):
        likely = chance.random()
        yield tuple(chance.random() < likely for _ in range(count))


def contents(inode):
    """What of a file may be there after a power loss."""
    whole, synced = inode["whole"], inode["synced"]
    if whole == synced:
        return [whole]
    lost = len(whole) - len(synced)
    return [whole, synced, synced + b"\0" * lost, whole[:len(synced) + lost // 2]]


def crash_states(operations, before, chance):
    """(files with content, folders) for every choice of what was not synced."""
    inodes, changes = replay(operations)
    changes = [c for c in changes if not c[1].startswith(TEMPORARY + "/")]
    unsynced = [c for c in changes if not c[3]]
    for kept in subsets(len(unsynced), chance):
        chosen = {id(change) for change, keep in zip(unsynced, kept) if keep}
        names = {name: content for name, content in before.items() if content is not None}
        folders = {name for name, content in before.items() if content is None}
        for change in changes:
            kind, path, inode, synced = change
            parent = os.path.dirname(path)
            if (not synced and id(change) not in chosen) or (parent and parent not in folders):
                continue
            if kind == "mkdir":
                folders.add(path)
            elif kind == "add":
                names[path] = inode
            else:
                names.pop(path, None)
        used = sorted({i for i in names.values() if isinstance(i, int)})
        for choice in itertools.product(*(contents(inodes[i]) for i in used)):
            content_of = dict(zip(used, choice))
            yield ({n: content_of.get(c, c) if isinstance(c, int) else c
                    for n, c in names.items()}, folders)


def main():
    workload, shim = (pathlib.Path(a).absolute() for a in sys.argv[1:3])
    # In memory where that can be: what a disk would keep is simulated, not awaited.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="crash-", dir=memory) as folder:
        harness = Harness(workload, shim, "--full" in sys.argv, pathlib.Path(folder).resolve())
        print(f"seed {harness.seed}")
        for verb in VERBS:
            print(f"{' '.join(verb)}: killed at {harness.kill_sweep(verb)} calls", flush=True)
            print(f"{' '.join(verb)}: (tried, known) power-loss states: "
                  f"{harness.power_loss(verb)}", flush=True)
        harness.without_links()
        for failure in harness.failures:
            print("FAILED", failure)
        sys.exit(1 if harness.failures else 0)


if __name__ == "__main__":
    main()
