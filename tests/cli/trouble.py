"""What tests of bad input and failing machines share: a repository that holds a snapshot, every
command to try on it, and what must hold afterwards.

A command that fails ends with one line on standard error, without control bytes and secrets; what
is stored is as it was, or complete; no lock and no temporary file stay.
"""

import fcntl
import os
import select
import shutil
import struct
import subprocess
import sys
import termios
import time

import harness
import rest_stand_in

NOBODY = 65534
SEAL = os.environ.get("FIREBREAK_SEAL") or str(harness.PROJECT / "build" / "tests" / "cli" / "seal")


def commands(other):
    """One of each that opens a repository; `other` is a repository to copy from."""
    return [
        ["backup", "tree"],
        ["check"],
        ["copy", "--from-repo", other],
        ["diff", "latest", "latest"],
        ["dump", "latest", "/plain"],
        ["find", "plain"],
        ["forget", "--keep-last", "1"],
        ["key", "list"],
        ["ls", "latest"],
        ["prune"],
        ["repair", "index"],
        ["repair", "snapshots"],
        ["restore", "latest", "--target", "out"],
        ["snapshots"],
        ["stats"],
        ["tag", "--add", "x"],
        ["unlock"],
    ]


class TroubleTest(harness.CommandTest):
    """Every test's repository holds one snapshot of `plain`, `big` and `sub/inner`; `self.tree` is
    the folder itself."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        tree = cls._class_folder.name + "/tree"
        os.makedirs(tree + "/sub")
        for name, content in (("plain", b"some text\n"), ("sub/inner", b"inner\n"),
                              ("big", bytes(i * 7919 % 251 for i in range(300_000)))):
            with open(f"{tree}/{name}", "wb") as file:
                file.write(content)
        made = subprocess.run([harness.FIREBREAK, "-r", cls._pristine, "backup", "-q", "."],
                              env=cls._environment(cls._class_folder.name), cwd=tree,
                              capture_output=True, timeout=harness.SECONDS_MAX)
        if made.returncode != 0:
            raise AssertionError(f"backup ended with {made.returncode}: {made.stderr}")

    def setUp(self):
        super().setUp()
        self.environment["FIREBREAK_FROM_PASSWORD"] = harness.PASSWORD
        self.tree = self.folder + "/tree"
        shutil.copytree(self._class_folder.name + "/tree", self.tree)

    def start(self, *arguments, repository=None, program=harness.FIREBREAK, **options):
        """Does not wait; killed with the test at the latest."""
        process = subprocess.Popen(
            [program, "-r", repository or self.repository, *arguments], env=self.environment,
            preexec_fn=harness._die_with_parent,
            **{"cwd": self.folder, "stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE,
               "stderr": subprocess.PIPE} | options)
        self.addCleanup(self._end, process)
        return process

    @staticmethod
    def _end(process):
        if process.poll() is None:
            process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()

    def end_of(self, process, code=0):
        """Waits for a started command."""
        out, err = process.communicate(timeout=harness.SECONDS_MAX)
        self.assertEqual(process.returncode, code, err)
        return harness.Done(process.returncode, out, err)

    def as_nobody(self, *arguments, repository=None, code=0, **options):
        """As a user whom file modes bind: root is not."""
        if os.geteuid() != 0:
            return self.firebreak(*arguments, repository=repository, code=code, **options)
        os.chmod(self.folder, 0o755)
        program = self.folder + "/firebreak"
        if not os.path.exists(program):
            shutil.copy(harness.FIREBREAK, program)
            os.chmod(program, 0o755)
        for name in ("cache", "scratch"):
            if not os.path.exists(f"{self.folder}/{name}"):
                os.mkdir(f"{self.folder}/{name}")
            os.chown(f"{self.folder}/{name}", NOBODY, NOBODY)
        return self.run_program(program, "-r", repository or self.repository, *arguments,
                                code=code, user=NOBODY, group=NOBODY, extra_groups=[],
                                environment={"TMPDIR": self.folder + "/scratch"}, **options)

    def assert_one_line(self, done, *says, waits=False):
        """The last words, which name thing, reason and way out. With `waits`, others before it
        tell what is waited for."""
        lines = done.errors.splitlines()
        self.assertTrue(lines, "nothing on standard error")
        for line in lines[:-1]:
            self.assertTrue(waits and "trying again in " in line, done.errors)
        self.assertTrue(lines[-1].startswith("firebreak: "), done.errors)
        for words in says:
            self.assertIn(words, lines[-1])
        for character in done.errors.replace("\n", ""):
            self.assertTrue(character.isprintable(), done.errors)
        self.assertNotIn(harness.PASSWORD, done.errors)

    def assert_fails(self, *arguments, code=1, says=(), waits=False, **options):
        """With one line on standard error, and no data on standard output."""
        done = self.firebreak("-q", *arguments, code=code, **options)
        self.assertEqual(done.out, b"", arguments)
        self.assert_one_line(done, *([says] if isinstance(says, str) else says), waits=waits)
        return done

    def stored(self, folder=None):
        """What lies in the repository, but not since when."""
        return {path: entry[:2]
                for path, entry in harness.look_at(folder or self.repository).items()}

    def seal(self, plain):
        """As every file of the repository is."""
        return subprocess.run([SEAL, self.repository], input=plain, env=self.environment,
                              stdout=subprocess.PIPE, check=True,
                              timeout=harness.SECONDS_MAX).stdout

    def locks(self, folder=None):
        return os.listdir((folder or self.repository) + "/locks")

    def assert_tidy(self, folder=None):
        """No lock, no temporary file."""
        folder = folder or self.repository
        self.assertEqual(self.locks(folder), [])
        left = folder + "/firebreak-tmp"
        self.assertEqual(os.listdir(left) if os.path.exists(left) else [], [])
        self.assertEqual([name for name in os.listdir(self.folder)
                          if name.startswith("firebreak-")], [])

    def assert_sound(self, folder=None):
        """Tidy, and whole in restic's eyes."""
        self.assert_tidy(folder)
        self.restic("check", "--read-data", repository=folder)

    def snapshots(self, folder=None):
        return sorted(os.listdir((folder or self.repository) + "/snapshots"))


def wait_until_read(pipe):
    """Until the other end has read all that was written to a pipe."""
    end = time.monotonic() + 60
    while struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))[0] > 0:
        if time.monotonic() > end:
            raise AssertionError("nobody reads the pipe")
        time.sleep(0.01)


class ServedTest(TroubleTest):
    """The repository is also at `self.server`, a stand-in that can be told to fail."""

    def setUp(self):
        super().setUp()
        self.server = rest_stand_in.RestStandIn(self.repository)
        self.server.start()
        self.addCleanup(lambda: self.server.stop())

    def read_until(self, stream, words):
        """What a started command says up to some words."""
        said = b""
        end = time.monotonic() + 60
        while words not in said:
            left = max(0, end - time.monotonic())
            self.assertTrue(select.select([stream], [], [], left)[0], said)
            more = os.read(stream.fileno(), 4096)
            self.assertTrue(more, said)
            said += more
        return said


def main_in_own_mounts():
    """As harness.main(), where mounts of the tests are seen by nobody else and end with them."""
    if "FIREBREAK_OWN_MOUNTS" not in os.environ:
        for unshare in (["unshare", "-m"], ["unshare", "-r", "-m"]):
            if subprocess.run([*unshare, "true"], capture_output=True).returncode == 0:
                os.environ["FIREBREAK_OWN_MOUNTS"] = "1"
                os.execvp("unshare", [*unshare, sys.executable, *sys.argv])
    harness.main()
