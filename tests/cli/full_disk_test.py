"""Full disks: that of the repository, of a restore, of the cache, of standard output. File
systems of a few MiB in memory stand for them; without the right to mount these tests are skipped,
which they say."""

import os
import shutil
import subprocess

import harness
import trouble

FULL = "No space left on device"


class FullDisk(trouble.TroubleTest):
    def setUp(self):
        super().setUp()
        self.disk = self.folder + "/disk"
        os.mkdir(self.disk)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4M", "none", self.disk],
                                 capture_output=True)
        if "FIREBREAK_OWN_MOUNTS" not in os.environ or mounted.returncode != 0:
            self.fail(f"no tmpfs can be mounted: {mounted.stderr.decode().strip()}")
        self.addCleanup(lambda: subprocess.run(["umount", "-l", self.disk], check=True))

    def enlarge(self):
        subprocess.run(["mount", "-o", "remount,size=64M", self.disk], check=True)

    def fill(self):
        """To the last byte."""
        with open(self.disk + "/filler", "wb", buffering=0) as file:
            try:
                while file.write(bytes(1 << 16)):
                    pass
            except OSError:
                pass
            try:
                while file.write(b"x"):
                    pass
            except OSError:
                pass

    def move_repository(self):
        shutil.copytree(self.repository, self.disk + "/repository")
        self.repository = self.disk + "/repository"

    def write_much(self):
        with open(self.tree + "/much", "wb") as file:
            file.write(os.urandom(8_000_000))

    def test_a_file_beyond_the_limit_of_files(self):
        self.write_much()
        command = ["bash", "-c", 'ulimit -f 1000; exec "$@"', "bash", harness.FIREBREAK, "-q",
                   "-r", self.repository, "backup", "tree"]
        done = self.run_program(*command, code=1)
        self.assert_one_line(done, "File too large")
        self.assertEqual(os.listdir(self.repository + "/locks"), [])
        self.assert_sound()

    def test_repository_grows_full(self):
        self.move_repository()
        self.write_much()
        before = self.snapshots()
        self.assert_fails("backup", "tree", says=[self.repository, FULL])
        self.assertEqual(self.snapshots(), before)
        self.assert_sound()
        self.enlarge()
        self.firebreak("backup", "tree")
        self.firebreak("restore", "latest", "-t", "out")
        self.assertEqual(harness.look_at(self.folder + "/out/tree"), harness.look_at(self.tree))
        self.assert_sound()

    def test_repository_is_full(self):
        self.move_repository()
        self.write_much()
        self.fill()
        before = self.stored()
        for command in trouble.commands(self._pristine):
            if command[0] not in ("key", "unlock"):
                done = self.assert_fails(*command, says=[self.repository, FULL])
                reads = command[0] in ("check", "diff", "dump", "find", "key", "ls", "restore",
                                       "snapshots", "stats")
                self.assertEqual("--no-lock" in done.errors, reads, command)
                self.assertEqual("some KiB of room" in done.errors, not reads, command)
        self.assertEqual(self.stored(), before)
        self.firebreak("--no-lock", "restore", "latest", "-t", "out")
        os.unlink(self.disk + "/filler")
        self.assert_tidy()
        self.firebreak("prune")

    def test_copy_to_a_full_disk(self):
        self.write_much()
        self.firebreak("backup", "-q", "tree")
        source, self.repository = self.repository, self.disk + "/repository"
        self.firebreak("init", "-q", "--copy-chunker-params", "--from-repo", source)
        self.assert_fails("copy", "--from-repo", source, says=[self.repository, FULL])
        self.assertEqual(self.snapshots(), [])
        self.assert_sound()
        self.assert_tidy(source)
        self.enlarge()
        self.firebreak("copy", "--from-repo", source)
        self.assertEqual(len(self.snapshots()), 2)
        self.assert_sound()

    def test_prune_with_no_room_to_repack(self):
        self.write_much()
        kept = os.urandom(1_000_000)
        with open(self.tree + "/kept", "wb") as file:
            file.write(kept)
        self.firebreak("backup", "-q", "tree")
        self.firebreak("backup", "-q", "tree/kept")
        self.enlarge()
        self.move_repository()
        self.firebreak("forget", "-q", "--group-by", "host", "--keep-last", "1")
        self.fill()
        os.truncate(self.disk + "/filler", os.path.getsize(self.disk + "/filler") - 16384)
        done = self.firebreak("-q", "prune", "--max-unused", "0", code=1)
        self.assert_one_line(done, self.repository, FULL)
        self.assert_tidy()
        os.unlink(self.disk + "/filler")
        self.assertEqual(self.firebreak("dump", "latest", "/tree/kept").out, kept)
        self.firebreak("prune", "--max-unused", "0")
        self.assert_sound()
        self.assertEqual(self.firebreak("dump", "latest", "/tree/kept").out, kept)

    def test_init(self):
        self.fill()
        repository = self.disk + "/repository"
        self.assert_fails("init", repository=repository, says=[repository, FULL])
        os.unlink(self.disk + "/filler")
        self.firebreak("init", repository=repository)
        self.firebreak("backup", "-q", "tree", repository=repository)
        self.assert_sound(repository)

    def test_target_of_a_restore(self):
        self.write_much()
        self.firebreak("backup", "-q", ".", cwd=self.tree)
        target = self.disk + "/out"
        done = self.firebreak("-q", "restore", "latest", "-t", target, code=1)
        self.assert_one_line(done, target, "much", FULL)
        self.assert_sound()
        self.enlarge()
        self.firebreak("restore", "latest", "-t", target, "--verify")
        self.assertEqual(harness.look_at(target), harness.look_at(self.tree))

    def test_target_of_a_dump(self):
        self.write_much()
        self.firebreak("backup", "-q", ".", cwd=self.tree)
        target = self.disk + "/much"
        self.assert_fails("dump", "latest", "/much", "--target", target, says=[target, FULL])
        self.assertEqual(os.listdir(self.disk), [])
        self.enlarge()
        self.firebreak("dump", "latest", "/much", "--target", target)
        self.assertEqual(harness.look_at(self.disk)["much"][1],
                         harness.look_at(self.tree)["much"][1])
        self.assert_sound()

    def test_cache(self):
        self.fill()
        cache = self.disk + "/cache"
        # Which needs no index.
        self.assertEqual(self.firebreak("-q", "snapshots", "--cache-dir", cache).errors, "")
        for command in (["backup", "tree"], ["restore", "latest", "-t", "out"]):
            done = self.firebreak("-q", *command, "--cache-dir", cache)
            self.assertEqual(len(done.errors.splitlines()), 1, done.errors)
            for words in (cache, "--cache-dir", "--no-cache", FULL):
                self.assertIn(words, done.errors)
        self.assert_sound()
        self.firebreak("backup", "-q", "tree", "--no-cache")
        os.unlink(self.disk + "/filler")
        self.firebreak("backup", "-q", "tree", "--cache-dir", cache)
        self.assert_sound()


class FullOutput(trouble.TroubleTest):
    def test_standard_output(self):
        for command in (["snapshots"], ["ls", "latest"], ["dump", "latest", "/big"],
                        ["find", "big"],
                        ["stats"], ["check"], ["backup", "tree"], ["--json", "stats"]):
            with open("/dev/full", "wb") as full:
                done = self.end_of(self.start("-q", *command, stdout=full), code=1)
            if command[0] != "--json":
                self.assert_one_line(done, "standard output", FULL)
        self.assertEqual(len(self.snapshots()), 2)  # the backup had been made
        self.assert_sound()


if __name__ == "__main__":
    trouble.main_in_own_mounts()
