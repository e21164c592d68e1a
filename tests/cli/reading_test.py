"""What every command that only reads does with a repository that it cannot write to, that somebody
has locked, or that is damaged."""

import os
import shutil

import harness

READERS = (["ls", "latest"], ["dump", "latest", "/plain"], ["find", "plain"],
           ["diff", "latest", "latest"], ["stats"], ["restore", "latest", "-t", "out"])


class Reading(harness.CommandTest):
    def setUp(self):
        super().setUp()
        self.snapshot = self.back_up_tree()

    def test_a_repository_that_cannot_be_written(self):
        for where, _, files in os.walk(self.repository):
            os.chmod(where, 0o555)
            for name in files:
                os.chmod(where + "/" + name, 0o444)
        options = {}
        if os.getuid() == 0:  # whom modes do not bind
            os.chmod(self.folder, 0o777)
            options = {"user": 65534, "group": 65534, "extra_groups": []}
        try:
            for arguments in READERS:
                environment = {"XDG_CACHE_HOME": self.folder + "/cache-of-nobody"}
                self.assert_refused(*arguments, says="--no-lock", environment=environment,
                                    **options)
                self.firebreak("--no-lock", *arguments, environment=environment, **options)
        finally:
            for where, _, _ in os.walk(self.repository):
                os.chmod(where, 0o755)

    def test_a_lock_is_shared_and_removed(self):
        for arguments in READERS:
            self.firebreak(*arguments)
            self.assertEqual(os.listdir(self.repository + "/locks"), [])

    def test_no_lock_writes_nothing(self):
        before = harness.look_at(self.repository)
        for arguments in READERS:
            self.firebreak("--no-lock", *arguments)
        self.assertEqual(harness.look_at(self.repository), before)

    def test_one_broken_snapshot_leaves_the_others_readable(self):
        broken = self.back_up("plain", cwd=self.tree)
        path = f"{self.repository}/snapshots/{broken}"
        os.chmod(path, 0o600)
        with open(path, "r+b") as file:
            file.seek(40)
            file.write(b"????????")
        shutil.rmtree(self.folder + "/cache", ignore_errors=True)
        for arguments in READERS:
            done = self.firebreak(*arguments, code=1)
            self.assertIn("snapshot " + broken[:8], done.errors, arguments)
        restored = harness.look_at(self.folder + "/out")
        self.assertEqual(restored["plain"][1], b"some text\n")
        self.assertEqual(self.firebreak("dump", self.snapshot, "/plain", code=1).out,
                         b"some text\n")

    def test_a_broken_index_is_named(self):
        self.back_up("plain", "--force", "--tag", "x", cwd=self.tree)
        newest = max(os.scandir(self.repository + "/index"), key=lambda one: one.stat().st_mtime_ns)
        os.chmod(newest.path, 0o600)
        with open(newest.path, "r+b") as file:
            file.seek(40)
            file.write(b"????????")
        shutil.rmtree(self.folder + "/cache", ignore_errors=True)
        done = self.firebreak("ls", self.snapshot, code=1)
        self.assertIn("index " + newest.name[:8], done.errors)
        self.assertIn("/plain\n", done.text)


if __name__ == "__main__":
    harness.main()
