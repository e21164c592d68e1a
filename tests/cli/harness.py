"""What tests of the command line share: a repository in a temporary folder, a small hostile tree to
back up, and the programs run as a user runs them.

    class Ls(harness.CommandTest):
        def test_lists(self):
            self.back_up_tree()
            self.assertIn("/plain", self.firebreak("ls", "latest").text)

    if __name__ == "__main__":
        harness.main()

The program is build/firebreak, or FIREBREAK_PROGRAM. restic is that of tools/programs.sh, or the
system's.
"""

import ctypes
import dataclasses
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

PROJECT = pathlib.Path(__file__).resolve().parents[2]
FIREBREAK = os.environ.get("FIREBREAK_PROGRAM") or str(PROJECT / "build" / "firebreak")
BUILT_RESTIC = PROJECT / "build" / "tools" / "restic"
RESTIC = str(BUILT_RESTIC) if BUILT_RESTIC.exists() else shutil.which("restic")
PASSWORD = "correct horse battery staple"
SECONDS_MAX = 120  # of one command


@dataclasses.dataclass
class Done:
    """How a command ended."""

    code: int
    out: bytes
    err: bytes

    @property
    def text(self):
        return self.out.decode("utf-8", "backslashreplace")

    @property
    def errors(self):
        return self.err.decode("utf-8", "backslashreplace")

    @property
    def documents(self):
        """Standard output as JSON, a document a line."""
        return _documents(self.text)

    @property
    def error_documents(self):
        """Standard error as JSON, a document a line."""
        return _documents(self.errors)


def _documents(text):
    # Not splitlines(), which also ends a line at U+2028 in a name.
    return [json.loads(line) for line in text.split("\n") if line]


def _die_with_parent():
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def make_tree(folder):
    """A file of every kind that a restore can make without being root, and names that hurt."""
    folder = os.fsencode(folder)
    os.makedirs(folder + b"/sub/deeper")
    os.makedirs(folder + b"/empty")
    files = {
        b"plain": b"some text\n",
        b"nothing": b"",
        b"big": bytes(i * 7919 % 251 for i in range(300_000)),
        b"zeros": bytes(2_000_000),
        b"sub/inner.txt": b"inner\n",
        b"sub/UPPER.TXT": b"upper\n",
        b"sub/deeper/twin": b"some text\n",
        "sub/gr\u00fc\u00dfe \u2603".encode(): b"utf-8 name\n",
        b"sub/line\nbreak": b"a name of two lines\n",
        b"sub/\x1b[31mred": b"a name that colours a terminal\n",
        b"sub/raw-\xff\xfe": b"a name that is no text\n",
        b"sub/quo\"te\\": b"quoted\n",
        b"sub/star*[x]": b"a name like a pattern\n",
        b"-r": b"a name like an option\n",
    }
    for name, content in files.items():
        with open(folder + b"/" + name, "wb") as file:
            file.write(content)
    os.symlink(b"plain", folder + b"/link")
    os.symlink(b"/no/such/\xff", folder + b"/sub/dangling")
    os.link(folder + b"/plain", folder + b"/sub/hardlink")
    os.mkfifo(folder + b"/sub/fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
        os.chdir(folder)  # the whole path may be longer than the name of a socket can be
        try:
            listener.bind(b"socket")
        finally:
            os.fchdir(here)
            os.close(here)
    os.chmod(folder + b"/sub/inner.txt", 0o640)
    os.utime(folder + b"/plain", ns=(1, 1_234_567_890_123_456_789))
    os.utime(folder + b"/sub", ns=(1, 1_000_000_000_000_000_001))


def look_at(folder):
    """What lies below a folder: {relative path: (kind, content or link target, mode, mtime)}."""
    folder = os.fsencode(folder)
    seen = {}
    for where, folders, files in os.walk(folder):
        for name in folders + files:
            path = os.path.join(where, name)
            status = os.lstat(path)
            kind = status.st_mode >> 12
            content = None
            if os.path.islink(path):
                content = os.readlink(path)
            elif os.path.isfile(path):
                with open(path, "rb") as file:
                    content = file.read()
            seen[os.fsdecode(os.path.relpath(path, folder))] = (
                kind, content, status.st_mode & 0o7777, status.st_mtime_ns)
    return seen


class CommandTest(unittest.TestCase):
    """Each test has a folder of its own with a new repository in it."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        # One scrypt a class rather than one a test: tests copy this repository.
        cls._class_folder = tempfile.TemporaryDirectory(prefix="firebreak-cli-")
        cls.addClassCleanup(cls._class_folder.cleanup)
        cls._pristine = cls._class_folder.name + "/pristine"
        environment = cls._environment(cls._class_folder.name)
        made = subprocess.run([FIREBREAK, "init", "-q", "-r", cls._pristine], env=environment,
                              capture_output=True, timeout=SECONDS_MAX)
        if made.returncode != 0:
            raise AssertionError(f"init ended with {made.returncode}: {made.stderr}")

    @staticmethod
    def _environment(folder):
        return {
            "PATH": os.environ["PATH"],
            "HOME": folder,
            "XDG_CACHE_HOME": folder + "/cache",
            "TMPDIR": folder,
            "LC_ALL": "C.UTF-8",
            "FIREBREAK_PASSWORD": PASSWORD,
            "RESTIC_PASSWORD": PASSWORD,
            "RESTIC_PROGRESS_FPS": "0.01",
        }

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="firebreak-cli-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.repository = self.folder + "/repository"
        self.environment = self._environment(self.folder)
        shutil.copytree(self._pristine, self.repository)

    def run_program(self, program, *arguments, code=0, environment=None, **options):
        """Runs to the end; `code` None accepts any. More environment and subprocess options."""
        ended = subprocess.run([program, *arguments], capture_output=True, timeout=SECONDS_MAX,
                               env=self.environment | (environment or {}),
                               preexec_fn=_die_with_parent,
                               **{"cwd": self.folder, "stdin": subprocess.DEVNULL} | options)
        done = Done(ended.returncode, ended.stdout, ended.stderr)
        if code is not None:
            self.assertEqual(done.code, code, f"{program} {arguments}: {done.errors}")
        return done

    def firebreak(self, *arguments, repository=None, **options):
        """On the test's repository."""
        return self.run_program(FIREBREAK, "-r", repository or self.repository, *arguments,
                                **options)

    def restic(self, *arguments, repository=None, **options):
        """The same in restic, without a cache."""
        if RESTIC is None:
            self.fail("no restic on this machine")
        return self.run_program(RESTIC, "--no-cache", "-r", repository or self.repository,
                                *arguments, **options)

    def assert_refused(self, *arguments, code=1, says="", **options):
        """The command ends with one line on standard error that holds `says`, and no data."""
        done = self.firebreak(*arguments, code=code, **options)
        self.assertEqual(done.out, b"")
        self.assertEqual(len(done.errors.splitlines()), 1, done.errors)
        self.assertTrue(done.errors.startswith("firebreak: "), done.errors)
        self.assertIn(says, done.errors)
        return done

    def back_up_tree(self, *arguments):
        """Backs up the hostile tree, made where it is missing; the paths in the snapshot begin at
        its root. Ends with the snapshot's id."""
        self.tree = self.folder + "/tree"
        if not os.path.exists(self.tree):
            make_tree(self.tree)
        return self.back_up(".", *arguments, cwd=self.tree)

    def back_up(self, *arguments, **options):
        """Ends with the new snapshot's id."""
        done = self.firebreak("backup", "--json", *arguments, **options)
        return next(document["snapshot_id"] for document in done.documents
                    if document["message_type"] == "summary")

    def packs(self):
        """The repository's packs, the larger first."""
        found = [os.path.join(where, name)
                 for where, _, names in os.walk(self.repository + "/data") for name in names]
        return sorted(found, key=lambda path: (-os.path.getsize(path), path))

    def blobs(self):
        """Where every blob is, by restic: {id: (type, pack)}."""
        indexes = self.restic("list", "--no-lock", "index").text.split()
        found = {}
        for index in indexes:
            document = json.loads(self.restic("cat", "--no-lock", "index", index).text)
            for pack in document["packs"]:
                for blob in pack["blobs"]:
                    found[blob["id"]] = (blob["type"], pack["id"])
        return found

    def flip_blobs(self, chosen):
        """Flips a bit in every blob that chosen(type, id) says. Ends with how many."""
        count = 0
        for index in self.restic("list", "--no-lock", "index").text.split():
            document = json.loads(self.restic("cat", "--no-lock", "index", index).text)
            for pack in document["packs"]:
                path = f"{self.repository}/data/{pack['id'][:2]}/{pack['id']}"
                os.chmod(path, 0o600)
                with open(path, "r+b") as file:
                    for blob in pack["blobs"]:
                        if not chosen(blob["type"], blob["id"]):
                            continue
                        file.seek(blob["offset"] + 20)
                        byte = file.read(1)
                        file.seek(blob["offset"] + 20)
                        file.write(bytes([byte[0] ^ 1]))
                        count += 1
        return count

    def node(self, path, snapshot="latest"):
        """An entry as its tree has it, by restic: "content", "subtree" and all."""
        chosen = [one for one in json.loads(self.restic("snapshots", "--no-lock", "--json").text)
                  if snapshot in ("latest", one["id"])]
        found = {"subtree": max(chosen, key=lambda one: one["time"])["tree"]}
        for name in path.strip("/").split("/"):
            tree = json.loads(self.restic("cat", "--no-lock", "blob", found["subtree"]).text)
            found = next(node for node in tree["nodes"] if node["name"] == name)
        return found

    def lose_pack_of(self, blob):
        """Removes the pack that holds a blob, as a failing disk does."""
        pack = self.blobs()[blob][1]
        os.unlink(f"{self.repository}/data/{pack[:2]}/{pack}")


def main():
    unittest.main(verbosity=2)
