"""A cache that cannot be kept is said once and done without."""

import os
import shutil
import subprocess

import harness
import trouble


class CacheFolder(trouble.TroubleTest):
    def assert_goes_on(self, cache, *reasons, **options):
        for command in (["backup", "tree"], ["ls", "latest"], ["check", "--with-cache"],
                        ["restore", "latest", "-t", "out"], ["prune"], ["stats"]):
            with self.subTest(command[0]):
                done = self.firebreak("-q", *command, "--cache-dir", cache, **options)
                lines = done.errors.splitlines()
                self.assertEqual(len(lines), 1, done.errors)
                for words in (cache, "--cache-dir", "--no-cache", *reasons):
                    self.assertIn(words, lines[0])
                quiet = self.firebreak("-q", *command, "--no-cache", "--cache-dir", cache)
                self.assertEqual(quiet.errors, "")
        self.assert_sound()

    def test_a_file_in_its_place(self):
        open(self.folder + "/file", "w").close()
        self.assert_goes_on(self.folder + "/file", "Not a directory")

    def test_a_place_that_takes_no_folder(self):
        self.assert_goes_on("/proc/cache", "No such file or directory")

    def test_a_folder_of_somebody_else(self):
        os.mkdir(self.folder + "/theirs", 0o555)
        self.firebreak("backup", "-q", "tree")
        for where, _, files in os.walk(self.repository):
            os.chmod(where, 0o777)
            for name in files:
                os.chmod(f"{where}/{name}", 0o644)
        done = self.as_nobody("-q", "ls", "latest", "--cache-dir", self.folder + "/theirs")
        self.assertIn("theirs", done.errors)
        self.assertIn("Permission denied", done.errors)
        self.assert_tidy()

    def test_in_json(self):
        done = self.firebreak("--json", "-q", "ls", "latest", "--cache-dir", "/proc/cache")
        self.assertEqual([one["message_type"] for one in done.error_documents], ["error"])

    def test_nor_a_temporary_one(self):
        self.environment["TMPDIR"] = self.folder + "/nowhere"
        self.assert_fails("backup", "tree", "--cache-dir", "/proc/cache",
                          says=["/proc/cache", self.folder + "/nowhere", "TMPDIR"])
        self.assert_fails("backup", "tree", "--no-cache", says=["nowhere", "TMPDIR"])
        self.assertFalse(os.path.exists(self.folder + "/nowhere"))
        self.assert_sound()

    def test_it_goes_away(self):
        self.firebreak("backup", "-q", "tree")
        process = self.start("-q", "backup", "--stdin", stdin=subprocess.PIPE)
        process.stdin.write(b"so")
        process.stdin.flush()
        trouble.wait_until_read(process.stdin)  # and so with its index loaded
        shutil.rmtree(self.folder + "/cache")
        process.stdin.write(b"much")
        self.assertEqual(self.end_of(process).errors, "")
        self.assert_sound()


if __name__ == "__main__":
    harness.main()
