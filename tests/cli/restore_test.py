"""firebreak restore, against what was backed up and what restic does."""

import os

import harness


class Restore(harness.CommandTest):
    def setUp(self):
        super().setUp()
        harness.make_tree(self.folder + "/tree")
        self.back_up("big", cwd=self.folder + "/tree")  # apart: its blobs have packs of their own
        self.snapshot = self.back_up_tree()
        self.target = self.folder + "/out"

    def restore(self, *arguments, **options):
        return self.firebreak("restore", "latest", "-t", self.target, *arguments, **options)

    def restored(self):
        return set(harness.look_at(self.target))

    def summary(self, done):
        return next(one for one in done.documents if one["message_type"] == "summary")

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.target + "/" + name), exist_ok=True)
        with open(self.target + "/" + name, "w") as file:
            file.write(text)

    def read(self, name):
        with open(self.target + "/" + name) as file:
            return file.read()

    def test_restores_everything(self):
        done = self.restore("--verify", "--sparse")
        self.assertEqual(harness.look_at(self.target), harness.look_at(self.tree))
        self.assertTrue(os.path.samefile(self.target + "/plain", self.target + "/sub/hardlink"))
        self.assertLess(os.stat(self.target + "/zeros").st_blocks * 512, 2_000_000)
        self.assertIn("restored ", done.errors)
        self.assertIn("compared ", done.errors)

    def test_says_what_restic_says(self):
        # restic passes over sockets.
        ours = self.summary(self.restore("--json", "--exclude", "socket"))
        theirs = self.summary(self.restic("restore", "latest", "--json", "-e", "socket",
                                          "-t", self.folder + "/b"))
        for field in ("total_files", "files_restored", "total_bytes", "bytes_restored"):
            self.assertEqual(ours[field], theirs[field], field)
        self.assertEqual(ours["errors"], 0)
        verbose = self.firebreak("-vv", "--json", "restore", "latest", "-t", self.folder + "/c")
        items = {one["item"]: one for one in verbose.documents
                 if one["message_type"] == "verbose_status"}
        self.assertEqual(items["/plain"], {"message_type": "verbose_status", "action": "restored",
                                           "item": "/plain", "size": 10})
        self.assertIn("/sub/line\nbreak", items)

    def test_part_of_a_snapshot(self):
        self.firebreak("restore", self.snapshot + ":sub/deeper", "--target", self.target)
        self.assertEqual(self.restored(), {"twin"})

    def same_as_restic(self, *arguments):
        name = f"{self.folder}/restored-{len(os.listdir(self.folder))}"
        self.firebreak("restore", "latest", "-t", name, *arguments)
        self.restic("restore", "latest", "-t", name + "-b", *arguments)
        ours = set(harness.look_at(name)) - {"socket"}  # restic passes over those
        self.assertEqual(ours, set(harness.look_at(name + "-b")), arguments)
        return ours

    def test_chooses_by_patterns(self):
        with open(self.folder + "/patterns", "w") as file:
            file.write("# a comment\n*.txt\n")
        for arguments, inside, outside in (
                (["--include", "*.txt"], "sub/inner.txt", "plain"),
                (["-i", "/sub/deeper"], "sub/deeper/twin", "plain"),
                (["--iinclude", "*.txt"], "sub/UPPER.TXT", "plain"),
                (["--include-file", "patterns"], "sub/inner.txt", "sub/UPPER.TXT"),
                (["--iinclude-file", "patterns"], "sub/UPPER.TXT", "plain"),
                (["--exclude", "*.txt"], "plain", "sub/inner.txt"),
                (["-e", "/sub"], "plain", "sub"),
                (["--iexclude", "*.txt", "-e", "big"], "plain", "sub/UPPER.TXT"),
                (["--exclude-file", "patterns"], "sub/UPPER.TXT", "sub/inner.txt"),
                (["--iexclude-file", "patterns"], "plain", "sub/UPPER.TXT")):
            restored = self.same_as_restic(*arguments)
            self.assertIn(inside, restored, arguments)
            self.assertNotIn(outside, restored, arguments)

    def test_what_is_there_already(self):
        self.restore()
        for mode, expected in (("always", "some text\n"), ("if-changed", "some text\n"),
                               ("if-newer", "mine"), ("never", "mine")):
            self.write("plain", "mine")
            done = self.restore("--overwrite", mode, "--json", "--verify")
            self.assertEqual(self.read("plain"), expected, mode)
            skipped = self.summary(done)["files_skipped"]
            self.assertEqual(skipped > 0, mode != "always", mode)

    def test_delete(self):
        self.write("extra", "x")
        self.write("sub/more/extra", "x")
        self.restore()
        self.assertIn("sub/more/extra", self.restored())
        done = self.restore("--delete", "--dry-run", "-vv")
        self.assertIn("deleted   /extra", done.errors)
        self.assertIn("sub/more/extra", self.restored())
        done = self.restore("--delete", "--json")
        self.assertEqual(self.summary(done)["files_deleted"], 2)
        self.assertEqual(harness.look_at(self.target), harness.look_at(self.tree))

    def test_delete_does_not_empty_a_machine(self):
        os.symlink("/", self.folder + "/root")
        for target in ("/", "//", "/usr/..", self.folder + "/root"):
            self.assert_refused("restore", "latest", "-t", target, "--delete",
                                says="needs patterns")
        # With a pattern that matches nothing at all, nothing at all is done.
        self.firebreak("restore", "latest", "-t", "/", "--delete", "--dry-run", "--include",
                       "/no/such/name", code=1)

    def test_a_dry_run_writes_nothing(self):
        done = self.restore("--dry-run", "--json")
        self.assertFalse(os.path.exists(self.target))
        whole = self.summary(self.restore("--json"))
        for field in ("total_files", "total_bytes", "files_restored"):
            self.assertEqual(self.summary(done)[field], whole[field])
        self.assertIn("would restore", self.restore("-n").errors)

    def test_verify_finds_what_changed(self):
        self.restore()
        status = os.stat(self.target + "/sub/UPPER.TXT")
        self.write("sub/UPPER.TXT", "wrong\n")
        os.utime(self.target + "/sub/UPPER.TXT", ns=(status.st_atime_ns, status.st_mtime_ns))
        done = self.restore("--overwrite", "if-changed", "--verify", code=1)
        self.assertIn("/sub/UPPER.TXT: differs", done.errors)

    def test_names_each_entry_that_is_lost(self):
        self.lose_pack_of(self.node("/big")["content"][0])
        done = self.restore("--json", code=1)
        lost = [one["item"] for one in done.error_documents if one["message_type"] == "error"]
        self.assertEqual(set(lost), {"/big"})
        self.assertEqual(self.read("plain"), "some text\n")
        summary = self.summary(done)
        self.assertGreater(summary["errors"], 0)
        self.assertLess(summary["files_restored"], summary["total_files"])
        self.assertIn("/big: ", self.restore(code=1).errors)

    def test_names_what_cannot_be_made(self):
        self.write("plain/in the way", "x")
        done = self.restore(code=1)
        self.assertIn("/plain: ", done.errors)
        self.assertIn("is not as in the snapshot", done.errors)

    def test_refuses(self):
        self.assert_refused("restore", "latest", says="--target")
        self.assert_refused("restore", "-t", "out", says="SNAPSHOT is required")
        self.assert_refused("restore", "deadbeef", "-t", "out", says="no snapshot")
        self.assert_refused("restore", "latest:no", "-t", "out", says='no "no"')
        self.assert_refused("restore", "latest", "-t", "out", "--host", "no", says="no snapshot")
        self.assert_refused("restore", "latest", "-t", "out", "--tag", "no", says="no snapshot")
        self.assert_refused("restore", "latest", "-t", "out", "--path", "/no", says="no snapshot")
        for arguments, says in ((["--overwrite", "maybe"], "unknown overwrite"),
                                (["--include", "["], 'pattern "["'),
                                (["--include", ""], "nothing would be restored"),
                                (["-i", "a", "-e", "b"], "not both"),
                                (["--include-file", "/no/such"], "/no/such"),
                                (["--dry-run", "--verify"], "--verify")):
            self.assert_refused("restore", "latest", "-t", "out", *arguments, says=says)
        self.assertFalse(os.path.exists(self.folder + "/out"))
        self.assert_refused("restore", "latest", "-t", "out", repository="/nowhere", code=10)
        self.assert_refused("restore", "latest", "-t", "out", code=12,
                            environment={"FIREBREAK_PASSWORD": "no"})


if __name__ == "__main__":
    harness.main()
