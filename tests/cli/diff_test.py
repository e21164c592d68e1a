"""firebreak diff, against what restic says differs."""

import os
import shutil

import harness


class Diff(harness.CommandTest):
    def setUp(self):
        super().setUp()
        harness.make_tree(self.folder + "/tree")
        self.back_up("deeper", cwd=self.folder + "/tree/sub")  # apart, in packs of its own
        self.before = self.back_up_tree()
        with open(self.tree + "/sub/inner.txt", "a") as file:
            file.write("more\n")
        os.unlink(self.tree + "/zeros")
        os.unlink(self.tree + "/sub/fifo")
        os.unlink(self.tree + "/nothing")
        os.symlink("plain", self.tree + "/nothing")
        shutil.copytree(self.tree + "/sub/deeper", self.tree + "/new/copy")
        os.mkfifo(self.tree + "/new/pipe")
        os.chmod(self.tree + "/big", 0o600)
        self.after = self.back_up_tree()

    def assert_as_restic(self, *arguments):
        ours = self.firebreak("diff", "--json", *arguments).documents
        theirs = self.restic("diff", "--json", *arguments).documents
        self.assertEqual(ours, theirs)
        self.assertEqual(ours[-1]["message_type"], "statistics")
        return {one["path"]: one["modifier"] for one in ours[:-1]}

    def test_finds_what_restic_finds(self):
        changes = self.assert_as_restic(self.before, self.after)
        self.assertEqual(changes["/sub/inner.txt"], "M")
        self.assertEqual(changes["/zeros"], "-")
        self.assertEqual(changes["/nothing"], "T")
        self.assertEqual(changes["/new/"], "+")
        self.assertEqual(changes["/new/copy/twin"], "+")
        self.assertNotIn("/big", changes)
        self.assert_as_restic(self.after, self.before)
        self.assert_as_restic(self.after, self.after[:12])
        self.assert_as_restic(self.before + ":sub", self.after + ":/sub")
        self.assert_as_restic(self.before + ":sub/deeper", self.after + ":new/copy")

    def test_metadata(self):
        ours = self.firebreak("diff", "--json", "--metadata", self.before, self.after).documents
        changes = {one["path"]: one["modifier"] for one in ours[:-1]}
        self.assertEqual(changes["/big"], "U")
        self.assertEqual(changes["/nothing"], "TU")
        self.assertNotIn("/empty/", changes)
        theirs = self.restic("diff", "--json", "--metadata", self.before, self.after).documents
        self.assertEqual(ours, theirs)

    def test_prints_lines(self):
        done = self.firebreak("diff", self.before, self.after)
        lines = done.text.splitlines()
        self.assertIn("M    /sub/inner.txt", lines)
        self.assertIn("+    /new/", lines)
        self.assertIn("Others:          1 new,     1 removed", lines)
        self.assertIn("comparing snapshot", done.errors)
        quiet = self.firebreak("diff", "-q", self.before, "latest").text.splitlines()
        self.assertEqual(len(quiet), 8)

    def test_refuses(self):
        self.assert_refused("diff", self.before, says="AFTER is required")
        self.assert_refused("diff", self.before, "deadbeef", says="no snapshot")
        self.assert_refused("diff", self.before, "latest:nowhere", says='no "nowhere"')
        self.assert_refused("diff", "latest", "latest", repository="/nowhere", code=10)

    def test_names_what_is_lost_and_goes_on(self):
        with open(self.tree + "/sub/deeper/other", "w") as file:
            file.write("x")
        last = self.back_up_tree()
        self.lose_pack_of(self.node("/sub/deeper", snapshot=self.before)["subtree"])
        done = self.firebreak("diff", "--json", self.before, last, code=1)
        changes = {one["path"]: one["modifier"] for one in done.documents[:-1]}
        self.assertEqual(changes["/sub/inner.txt"], "M")
        self.assertEqual([one for one in changes if one.startswith("/sub/deeper/")], [])
        self.assertIn("/sub/deeper", [one.get("item") for one in done.error_documents])


if __name__ == "__main__":
    harness.main()
