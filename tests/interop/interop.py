"""What the tests of interoperability share: both programs on one repository, each judging what the
other has done.

FIREBREAK_INTEROP=full runs every cell; without it, samples. FIREBREAK_SEED repeats a run.
"""

import collections
import io
import json
import os
import pathlib
import random
import shutil
import sys
import tarfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))

import harness  # noqa: E402
import hostile_tree  # noqa: E402

FULL = os.environ.get("FIREBREAK_INTEROP") == "full"
SEED = int(os.environ.get("FIREBREAK_SEED") or random.SystemRandom().getrandbits(32))
SMALL_FILES = 1000 if FULL else 100
DEBIAN_RESTIC = "/usr/bin/restic"
OTHER_PASSWORD = "another password"

_counts = collections.Counter()


class InteropTest(harness.CommandTest):
    """Programs are functions: self.firebreak and self.restic, of the same arguments."""

    def setUp(self):
        super().setUp()
        self.random = random.Random(SEED)
        self.environment |= {"FIREBREAK_FROM_PASSWORD": harness.PASSWORD,
                             "RESTIC_FROM_PASSWORD": harness.PASSWORD}
        self.tree = self.folder + "/tree"
        self.ledger = {}  # {a snapshot's tree: what its restore must be}
        self.savers = {}  # {a snapshot's tree: the program that wrote it}
        self.copies = 0
        self.judgements = 0
        print(f"seed {SEED}", file=sys.stderr)

    def run_program(self, program, *arguments, **options):
        verbs = [one for one in arguments if one in VERBS]
        if verbs:
            name = "debian" if program == DEBIAN_RESTIC else os.path.basename(program)
            _counts[f"{name} {verbs[0]}"] += 1
        return super().run_program(program, *arguments, **options)

    def debian(self, *arguments, repository=None, **options):
        """The same in the restic of the system."""
        return self.run_program(DEBIAN_RESTIC, "--no-cache", "-r", repository or self.repository,
                                *arguments, **options)

    def make_tree(self, light=False):
        hostile_tree.make(self.tree, self.random, SMALL_FILES, light)

    def save(self, program, *arguments):
        """Backs up the tree and writes it down. Ends with the snapshot's id."""
        done = program("backup", "--json", ".", *arguments, cwd=self.tree)
        name = done.documents[-1]["snapshot_id"]  # 0.14 prints eight digits of it
        snapshot = next(one for one in self.snapshots() if one["id"].startswith(name))
        self.ledger[snapshot["tree"]] = hostile_tree.manifest(self.tree)
        self.savers[snapshot["tree"]] = program
        return snapshot["id"]

    def snapshots(self, repository=None):
        """As restic lists them, the older first."""
        done = self.restic("snapshots", "--no-lock", "--json", repository=repository)
        return json.loads(done.text) or []

    def restore(self, program, snapshot, repository=None):
        """Ends with the manifest of what was restored."""
        target = self.folder + "/restored"
        program("restore", snapshot, "--target", target, repository=repository)
        found = hostile_tree.manifest(target)
        shutil.rmtree(target)
        return found

    def assert_restores(self, program, snapshot, repository=None, changed=None):
        """`changed`, a function of a manifest, says what this program does not bring back."""
        wanted = self.ledger[snapshot["tree"]]
        found = self.restore(program, snapshot["id"], repository=repository)
        if changed is not None:
            wanted, found = changed(wanted), changed(found)
        self.assert_same(found, wanted)

    def assert_same(self, found, wanted):
        """Of two dictionaries; names only what differs."""
        different = [(name, found.get(name, "missing"), wanted.get(name, "not expected"))
                     for name in sorted(found.keys() | wanted.keys())
                     if found.get(name) != wanted.get(name)]
        self.assertEqual(different, [])

    def judge(self, repository=None, verb=""):
        """Both programs find every blob sound, and restore every snapshot as its tree was. Samples
        are the newest snapshot, by the programs in turn."""
        for program in (self.firebreak, self.restic):
            program("check", "--read-data", repository=repository)
        listed = self.snapshots(repository)
        self.judgements += 1
        programs = [self.firebreak, self.restic]
        if not FULL:
            del programs[self.judgements % 2]
        for snapshot in listed if FULL else listed[-1:]:
            for program in programs:
                with self.subTest(after=verb, snapshot=snapshot["id"], program=program.__name__):
                    self.assert_restores(program, snapshot, repository)
        return listed

    def copy_of_repository(self):
        """A repository of the same keys and snapshots, to be spoilt."""
        self.copies += 1
        name = f"{self.folder}/copy-{self.copies}"
        shutil.copytree(self.repository, name)
        return name

    def new_repository(self, *arguments, program=None):
        self.copies += 1
        name = f"{self.folder}/new-{self.copies}"
        (program or self.firebreak)("init", *arguments, repository=name)
        return name

    def assert_both(self, question, *arguments):
        """Both programs give the same answer to listing, members or differences."""
        self.assert_same(question(self.firebreak, *arguments), question(self.restic, *arguments))

    def other_password(self):
        """A file that holds it."""
        name = self.folder + "/other-password"
        with open(name, "w", encoding="utf-8") as file:
            file.write(OTHER_PASSWORD)
        return name

    def differences(self, program, before, after):
        """{path: modifier}, of two snapshots. Folders of which metadata alone differ are left out:
        to restic that is also whatever lies below them."""
        done = program("diff", "--json", "--metadata", before, after)
        return {one["path"]: one["modifier"] for one in done.documents
                if one["message_type"] == "change"
                and not (one["modifier"] == "U" and one["path"].endswith("/"))}

    def listing(self, program, snapshot):
        """What `ls` says of each entry, less what only one of the programs says."""
        entries = [one for one in program("ls", "--json", snapshot).documents
                   if one["message_type"] == "node"]
        common = ("type", "uid", "gid", "mode", "mtime", "size")
        return {one["path"]: [one.get(field) for field in common] for one in entries}

    def members(self, program, snapshot, folder="/"):
        """A folder's tar as data, less what restic makes empty files of: fifos and devices. No tar
        has sockets."""
        tar = program("dump", "-a", "tar", snapshot, folder).out
        with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
            return {one.name.rstrip("/"): (
                one.type, one.mode, one.uid, one.gid, round(one.mtime), one.linkname,
                archive.extractfile(one).read() if one.isreg() else None)
                for one in archive.getmembers()
                if os.path.basename(one.name.rstrip("/")) not in hostile_tree.SPECIAL}


VERBS = {"backup", "check", "restore", "ls", "dump", "diff", "rewrite", "tag", "copy", "forget",
         "prune", "repair", "key", "unlock", "init"}


def main():
    try:
        harness.main()
    finally:
        runs = ", ".join(f"{verb} {count}" for verb, count in sorted(_counts.items()))
        print(f"{sum(_counts.values())} commands: {runs}", file=sys.stderr)
