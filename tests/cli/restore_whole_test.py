"""A restore that is killed, interrupted or out of room leaves whole files under their names, and
the next one, in any mode, makes the rest."""

import hashlib
import itertools
import os
import shutil
import signal
import subprocess
import time

import harness
import rest_stand_in
import trouble

FULL = "No space left on device"


def look_at(folder):
    """As the harness does, with digests in place of megabytes that no message should show."""
    return {name: (kind, hashlib.sha256(content).hexdigest() if kind == 8 else content, *rest)
            for name, (kind, content, *rest) in harness.look_at(folder).items()}


class StoppedRestore(trouble.TroubleTest):
    def setUp(self):
        super().setUp()
        shutil.rmtree(self.tree)
        os.makedirs(self.tree + "/sub")
        self.write(self.tree + "/sub/small", b"small\n")
        self.write(self.tree + "/empty", b"")
        # Each in packs of its own, of several requests.
        for name in ("first", "second"):
            self.write(f"{self.tree}/{name}", os.urandom(12_000_000))
            os.chmod(f"{self.tree}/{name}", 0o640)
            self.back_up(name, cwd=self.tree)
        os.link(self.tree + "/first", self.tree + "/sub/linked")
        os.symlink("first", self.tree + "/link")
        for name in ("sub", "first", "second", "empty"):
            os.utime(f"{self.tree}/{name}", ns=(1, 1_234_567_890_123_456_789))
        self.back_up(".", cwd=self.tree)
        self.source = look_at(self.tree)
        self.target = self.folder + "/out"

    @staticmethod
    def write(path, content):
        with open(path, "wb") as file:
            file.write(content)

    def stopped(self, number):
        """Restores to an empty target, each sent the signal at one more request for data, until
        one gets through. Yields the number of each while it lies there."""
        with rest_stand_in.RestStandIn(self.repository) as server:
            for requests in itertools.count():
                shutil.rmtree(self.target, ignore_errors=True)
                shutil.rmtree(self.folder + "/cache", ignore_errors=True)
                self.make_target()
                hold = server.fail("GET", "/data/", rest_stand_in.Hold(), times=-1, skip=requests)
                process = self.start("restore", "latest", "-t", self.target,
                                     repository=server.location)
                end = time.monotonic() + 60
                while not hold.reached.wait(0.02) and process.poll() is None:
                    self.assertLess(time.monotonic(), end)
                if not hold.reached.is_set():
                    self.end_of(process)
                    break
                process.send_signal(number)
                process.wait(60)
                hold.released.set()
                server.heal()
                yield requests
            self.assertGreater(requests, 4)
        self.assertEqual(look_at(self.target), self.source)

    def make_target(self):
        """What lies there before: an empty folder."""
        os.mkdir(self.target)
        self.before = {}

    def assert_whole(self):
        """What has a name of the snapshot is the snapshot's, or what was there before."""
        for name, entry in look_at(self.target).items():
            if name in self.source and not os.path.isdir(f"{self.target}/{name}"):
                self.assertIn(entry, (self.source[name], self.before.get(name)), name)

    def temporary(self):
        return [name for name in look_at(self.target) if ".firebreak-" in name]

    def test_killed(self):
        modes = itertools.cycle(("never", "if-newer", "if-changed"))
        left = 0
        for requests in self.stopped(signal.SIGKILL):
            left += len(self.temporary())
            self.assert_whole()
            mode = next(modes)
            self.firebreak("restore", "latest", "-t", self.target, "--overwrite", mode)
            self.assertEqual(look_at(self.target), self.source, (requests, mode))
        self.assertGreater(left, 0)  # or nothing was tested

    def test_interrupted(self):
        for requests in self.stopped(signal.SIGINT):
            self.assertEqual(self.temporary(), [], requests)
            self.assert_whole()


class StoppedOverwriting(StoppedRestore):
    def make_target(self):
        os.makedirs(self.target)
        for name in ("first", "second", "link"):
            self.write(f"{self.target}/{name}", b"what was there")
            os.utime(f"{self.target}/{name}", ns=(1, 1_000_000_000_000_000_000))
        self.before = look_at(self.target)

    def test_killed(self):
        for requests in self.stopped(signal.SIGKILL):
            now = look_at(self.target)
            self.assertLessEqual({"first", "second"}, set(now))
            self.assert_whole()
            self.firebreak("restore", "latest", "-t", self.target, "--overwrite", "never")
            self.assertEqual(self.temporary(), [], requests)
            self.firebreak("restore", "latest", "-t", self.target, "--overwrite", "if-newer")
            self.assertEqual(look_at(self.target), self.source, requests)


class FullTarget(StoppedRestore):
    def setUp(self):
        super().setUp()
        disk = self.folder + "/disk"
        os.mkdir(disk)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=18M", "none", disk],
                                 capture_output=True)
        if "FIREBREAK_OWN_MOUNTS" not in os.environ or mounted.returncode != 0:
            self.fail(f"no tmpfs can be mounted: {mounted.stderr.decode().strip()}")
        self.addCleanup(lambda: subprocess.run(["umount", "-l", disk], check=True))
        self.target = disk + "/out"
        self.before = {}

    test_killed = test_interrupted = None

    def test_full(self):
        for mode in ("never", "if-newer", "if-changed", "always"):
            done = self.firebreak("-q", "restore", "latest", "-t", self.target, code=1)
            self.assert_one_line(done, self.target, "is incomplete and not kept", FULL,
                                 "make room and run the same command again")
            self.assertTrue("first is" in done.errors or "second is" in done.errors, done.errors)
            self.assertEqual(self.temporary(), [])
            self.assert_whole()
            subprocess.run(["mount", "-o", "remount,size=64M", self.folder + "/disk"], check=True)
            self.firebreak("restore", "latest", "-t", self.target, "--overwrite", mode, "--verify")
            self.assertEqual(look_at(self.target), self.source)
            shutil.rmtree(self.target)
            subprocess.run(["mount", "-o", "remount,size=18M", self.folder + "/disk"], check=True)


if __name__ == "__main__":
    trouble.main_in_own_mounts()
