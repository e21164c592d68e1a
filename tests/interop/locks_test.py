"""Each program honours the locks of the other: live ones refuse, those of the dead go."""

import os
import signal
import subprocess

import interop
import harness

LOCKED = 11


class Locks(interop.InteropTest):
    def setUp(self):
        super().setUp()
        os.mkdir(self.tree)
        with open(self.tree + "/file", "wb") as file:
            file.write(self.random.randbytes(2_000_000))
        self.back_up(".", cwd=self.tree)
        with open(self.tree + "/file", "wb") as file:
            file.write(self.random.randbytes(1_000))
        self.back_up(".", cwd=self.tree)

    def locks(self):
        """Those that are complete: restic writes to a name of its own first."""
        return sorted(name for name in os.listdir(self.repository + "/locks") if len(name) == 64)

    def other(self, name):
        return self.restic if name == "firebreak" else self.firebreak

    def start(self, name, *arguments):
        """A process on the repository, once its lock is there; it lives until the test ends it."""
        before = set(self.locks())
        program = harness.FIREBREAK if name == "firebreak" else harness.RESTIC
        process = subprocess.Popen(
            [program, "--no-cache", "-r", self.repository, *arguments], stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.environment,
            preexec_fn=harness._die_with_parent)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(process.stdin.close)
        while set(self.locks()) <= before:
            self.assertIsNone(process.poll(), f"{name} {arguments} ended without a lock")
        return process

    def hold_exclusive(self, name):
        """Reads a KiB a second, and is stopped at that."""
        process = self.start(name, "--limit-download", "1", "check", "--read-data")
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
        self.assertEqual(len(self.locks()), 1)
        return process

    def hold_shared(self, name):
        """A backup of a pipe that nobody writes to."""
        return self.start(name, "backup", "--stdin")

    def assert_locked(self, program, *arguments):
        before = self.locks()
        program(*arguments, code=LOCKED, cwd=self.tree)
        self.assertEqual(self.locks(), before)

    def test_exclusive_locks_refuse_everything(self):
        for name in ("firebreak", "restic"):
            process = self.hold_exclusive(name)
            for verb in (["backup", "."], ["prune"], ["check"], ["tag", "--add", "x"],
                         ["forget", "latest"], ["repair", "index"], ["ls", "latest"]):
                with self.subTest(holder=name, verb=verb):
                    self.assert_locked(self.other(name), *verb)
            self.other(name)("unlock")
            self.assertEqual(len(self.locks()), 1, "the lock of a live process")
            process.kill()
            process.wait()
            self.other(name)("unlock")
            self.assertEqual(self.locks(), [])

    def test_shared_locks_refuse_exclusive_ones(self):
        for name in ("firebreak", "restic"):
            process = self.hold_shared(name)
            for verb in (["prune"], ["forget", "--keep-last", "1", "--prune"], ["repair", "index"]):
                with self.subTest(holder=name, verb=verb):
                    self.assert_locked(self.other(name), *verb)
            self.other(name)("backup", ".", cwd=self.tree)
            process.stdin.write(b"what came through the pipe\n")
            process.stdin.close()
            self.assertEqual(process.wait(), 0)
            self.assertEqual(self.locks(), [])
            piped = next(one["id"] for one in self.snapshots() if one["paths"] == ["/stdin"])
            self.assertEqual(self.other(name)("dump", piped, "/stdin").out,
                             b"what came through the pipe\n")
            self.other(name)("forget", piped)
            self.other(name)("prune")

    def test_locks_of_the_dead_are_removed(self):
        for name in ("firebreak", "restic"):
            for hold in (self.hold_shared, self.hold_exclusive):
                with self.subTest(holder=name, hold=hold.__name__):
                    process = hold(name)
                    process.kill()
                    process.wait()
                    self.assertEqual(len(self.locks()), 1)
                    self.other(name)("unlock")
                    self.assertEqual(self.locks(), [])
                    self.other(name)("prune")

    def test_all_locks_can_be_removed(self):
        for name in ("firebreak", "restic"):
            process = self.hold_shared(name)
            self.other(name)("unlock", "--remove-all")
            self.assertEqual(self.locks(), [])
            process.kill()
            process.wait()


if __name__ == "__main__":
    interop.main()
