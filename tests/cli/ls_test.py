"""firebreak ls, against what restic lists."""

import harness


class Ls(harness.CommandTest):
    def setUp(self):
        super().setUp()
        # Apart, so that its tree has a pack of its own.
        harness.make_tree(self.folder + "/tree")
        self.back_up("deeper", cwd=self.folder + "/tree/sub")
        self.snapshot = self.back_up_tree("--tag", "one,two", "--host", "here")

    def assert_as_restic(self, *arguments):
        ours = self.firebreak("ls", "--json", *arguments).documents
        theirs = self.restic("ls", "--json", *arguments).documents
        snapshot, other = ours.pop(0), theirs.pop(0)
        for field in ("id", "short_id", "tree", "message_type", "struct_type", "tags", "hostname"):
            self.assertEqual(snapshot[field], other[field], field)
        self.assertEqual(ours, theirs)
        self.assertEqual([list(one) for one in ours], [list(one) for one in theirs])
        return ours

    def test_lists_as_restic(self):
        self.assertGreater(len(self.assert_as_restic("latest")), 20)
        self.assert_as_restic(self.snapshot[:8])
        self.assert_as_restic("latest:sub")
        self.assert_as_restic("latest:/sub/deeper/")
        self.assert_as_restic("latest", "/sub")
        self.assert_as_restic("latest", "/sub", "/plain", "/empty/")
        self.assert_as_restic("latest", "/sub", "--recursive")
        self.assert_as_restic("latest", "/")
        self.assert_as_restic("latest:sub", "/deeper")

    def test_lines_are_safe_for_a_terminal(self):
        lines = self.firebreak("ls", "latest").text.splitlines()
        self.assertIn("/plain", lines)
        self.assertIn(r"/sub/\x1b[31mred", lines)
        self.assertIn(r"/sub/line\x0abreak", lines)
        self.assertIn(r"/sub/raw-\xff\xfe", lines)
        self.assertEqual(len(lines), len(self.assert_as_restic("latest")))

    def test_long_lines(self):
        lines = {line.split("Z ", 1)[1]: line
                 for line in self.firebreak("ls", "latest", "-l").text.splitlines()}
        self.assertRegex(lines["/plain"], r"^-rw-r--r-- +\d+ +\d+     10 2009-02-13 23:31:30Z ")
        self.assertRegex(lines["/link -> plain"], "^Lrwxrwxrwx ")
        self.assertRegex(lines["/sub"], "^drwxr-xr-x ")
        self.assertRegex(lines["/sub/fifo"], "^prw")
        human = self.firebreak("ls", "latest", "--long", "--human-readable", "/zeros").text
        self.assertIn(" 1.907 MiB ", human)

    def test_latest_of_the_chosen(self):
        other = self.back_up("plain", "--host", "there", "--tag", "two", cwd=self.tree)
        for arguments, snapshot in (
                (["--host", "here"], self.snapshot), (["--host", "there"], other), ([], other),
                (["--tag", "one"], self.snapshot), (["--tag", "two"], other),
                (["--tag", "one,two"], self.snapshot),
                (["--path", self.tree], self.snapshot),
                (["--path", self.tree + "/plain"], other)):
            listed = self.firebreak("ls", "--json", "latest", *arguments).documents
            self.assertEqual(listed[0]["id"], snapshot, arguments)
        self.assert_refused("ls", "latest", "--host", "nowhere", says="no snapshot matches")

    def test_refuses_what_is_not_there(self):
        self.assert_refused("ls", says="SNAPSHOT is required")
        self.assert_refused("ls", "deadbeef", says='no snapshot "deadbeef"')
        self.assert_refused("ls", "", says="no snapshot")
        self.assert_refused("ls", "latest", "sub", says="begin with a slash")
        self.assert_refused("ls", "latest", "/sub/../plain", says='".."')
        self.assert_refused("ls", "-q", "latest", "/no/such", says='has no "/no/such"')
        self.assert_refused("ls", "latest:nowhere", says='no "nowhere"')
        self.assert_refused("ls", "latest:plain", says="no folder")
        self.assert_refused("ls", "latest", "--recursiv", says="did you mean --recursive")
        self.assert_refused("ls", "latest", repository="/nowhere", code=10)
        self.assert_refused("ls", "latest", environment={"FIREBREAK_PASSWORD": "no"}, code=12)

    def test_an_id_that_means_several(self):
        ids = {one["id"] for one in self.firebreak("snapshots", "--json").documents[0]}
        while len({one[0] for one in ids}) == len(ids):
            ids.add(self.back_up("plain", cwd=self.tree))
        first = [one[0] for one in ids]
        twice = next(one for one in first if first.count(one) > 1)
        self.assert_refused("ls", twice, says="more than one snapshot")

    def test_a_path_that_is_missing_beside_one_that_is_there(self):
        done = self.firebreak("ls", "-q", "latest", "/plain", "/no", code=1)
        self.assertEqual(done.text, "/plain\n")
        self.assertIn('has no "/no"', done.errors)

    def test_names_a_lost_folder_and_lists_the_rest(self):
        whole = self.firebreak("ls", "latest").text.splitlines()
        self.lose_pack_of(self.node("/sub/deeper")["subtree"])
        done = self.firebreak("ls", "latest", code=1)
        self.assertEqual(done.text.splitlines(),
                         [line for line in whole if not line.startswith("/sub/deeper/")])
        self.assertIn("/sub/deeper: ", done.errors)
        documents = self.firebreak("ls", "latest", "--json", code=1).error_documents
        self.assertEqual(documents[0]["item"], "/sub/deeper")
        self.assertEqual(documents[0]["message_type"], "error")


if __name__ == "__main__":
    harness.main()
