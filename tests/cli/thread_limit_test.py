"""A system that grants few threads: every number of them from one on. A command ends as it does
anywhere, or with one line that names the limit, and leaves no lock."""

import os
import shutil

import harness
import trouble

REFUSED = "the system refuses another thread"


class ThreadLimit(trouble.TroubleTest):
    def with_threads(self, count, *arguments):
        """As a user who has no other process, so that the limit is of this one's threads."""
        user = 300_000_000 + os.getpid()
        os.chmod(self.folder, 0o755)
        program = self.folder + "/firebreak"
        if not os.path.exists(program):
            shutil.copy(harness.FIREBREAK, program)
        for where, folders, files in os.walk(self.folder):
            for name in folders + files:
                os.chown(f"{where}/{name}", user, user)
        for name in ("cache", "scratch", "out"):
            os.makedirs(f"{self.folder}/{name}", exist_ok=True)
            os.chown(f"{self.folder}/{name}", user, user)
        return self.run_program("prlimit", f"--nproc={count}", program, "-q", "-r", self.repository,
                                *arguments, code=None, user=user, group=user, extra_groups=[],
                                environment={"TMPDIR": self.folder + "/scratch"})

    def test_every_number(self):
        self.assertEqual(os.geteuid(), 0, "another user is needed, whose processes are counted")
        with open(self.tree + "/more", "wb") as file:
            file.write(os.urandom(1_000_000))
        other = self.folder + "/other"
        self.firebreak("init", "--from-repo", self.repository, "--copy-chunker-params",
                       repository=other)
        self.firebreak("backup", "-q", "tree", repository=other)
        for command in (["backup", "tree"], ["check", "--read-data"], ["ls", "latest"],
                        ["restore", "latest", "--json", "-t", "out"], ["dump", "latest", "/tree/big"],
                        ["prune", "--max-unused", "0"], ["copy", "--from-repo", other]):
            with self.subTest(command[0]):
                self.end_at_every_number(command)
        self.assert_sound()

    def end_at_every_number(self, command):
        refused = 0
        for count in range(1, 64):
            done = self.with_threads(count, *command)
            for repository in (self.repository, self.folder + "/other"):
                self.assertEqual(self.locks(repository), [], done.errors)
            if done.code == 0:
                break
            self.assertEqual(done.code, 1, done.errors)
            self.assertIn(REFUSED, done.errors)
            self.assertEqual(len(done.errors.splitlines()), 1, done.errors)
            refused += 1
        self.assertEqual(done.code, 0, done.errors)
        self.assertGreater(refused, 0)
        # One listens for Ctrl-C, one refreshes the lock of either repository, one uploads.
        self.assertLessEqual(refused, 5)

    def test_more_connections_than_a_program_can_have(self):
        self.assert_fails("--connections", "1000000", "backup", "tree",
                          says=["--connections 1000000", "1000 at most"])
        self.firebreak("--connections", "1000", "backup", "tree")
        self.assert_sound()


if __name__ == "__main__":
    harness.main()
