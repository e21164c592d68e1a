"""firebreak find, against what restic finds."""

import json
import os

import harness


class Find(harness.CommandTest):
    def setUp(self):
        super().setUp()
        self.first = self.back_up_tree("--tag", "a", "--host", "here")
        with open(self.tree + "/sub/later.txt", "w") as file:
            file.write("later")
        self.second = self.back_up_tree("--tag", "b", "--host", "there")

    def assert_as_restic(self, *arguments):
        ours = json.loads(self.firebreak("find", "--json", *arguments).text)
        theirs = json.loads(self.restic("find", "--json", *arguments).text)
        self.assertEqual(ours, theirs, arguments)
        return ours

    def test_finds_as_restic(self):
        found = self.assert_as_restic("*.txt")
        self.assertEqual([one["snapshot"] for one in found], [self.second, self.first])
        self.assertEqual([one["hits"] for one in found], [2, 1])
        self.assertEqual(len(self.assert_as_restic("*.txt", "--ignore-case")[0]["matches"]), 3)
        self.assert_as_restic("*.TXT", "-i")
        self.assert_as_restic("plain", "twin")
        self.assert_as_restic("sub")
        self.assert_as_restic("/sub/*.txt", "--reverse")
        self.assert_as_restic("/sub/**/twin", "-R")
        self.assert_as_restic("[pn]*")
        self.assert_as_restic("*", "--snapshot", self.first)
        self.assert_as_restic("link", "-s", self.first[:8], "-s", self.second)
        self.assert_as_restic("plain", "--host", "here")
        self.assert_as_restic("plain", "--tag", "b")
        self.assert_as_restic("plain", "--path", self.tree)
        self.assertEqual(self.assert_as_restic("no such thing"), [])
        self.assertEqual(self.firebreak("find", "--json", "no such thing").text, "[]\n")

    def test_finds_by_time(self):
        for arguments in (["--newest", "2010-01-01 00:00:00 +0000"],
                          ["-O", "2009-02-13 23:31:31 +0000", "-N", "2010-01-01 00:00:00 +0000"],
                          ["--oldest", "2009-02-14 00:31:30 +0100",
                           "-N", "2010-01-01 00:00:00 +0000"],
                          ["--oldest", "2010-01-01 00:00:00 +0000"]):
            self.assert_as_restic("*", *arguments)
        text = self.firebreak("find", "pl*", "--newest", "2009-02-13T23:31:31Z").text
        self.assertIn("/plain", text)
        for time in ("2010-01-01", "2010-01-01 00:00:00", "yesterday", ""):
            if time:
                self.assert_refused("find", "*", "--oldest", time, says="with its zone")
        self.assert_refused("find", "*", "--oldest", "2010-01-01T00:00:00Z", "--newest",
                            "2009-01-01T00:00:00Z", says="later than --newest")

    def test_prints_lines(self):
        lines = self.firebreak("find", "plain", "*red").text.splitlines()
        self.assertEqual(len(lines), 7)
        self.assertRegex(lines[0], f"^in snapshot {self.second[:8]} of 20")
        self.assertEqual(lines[1:3], ["/plain", r"/sub/\x1b[31mred"])
        self.assertEqual(self.firebreak("-q", "find", "inner.txt", "-s", "latest").text,
                         "/sub/inner.txt\n")
        long = self.firebreak("find", "plain", "-l", "--human-readable", "-q").text
        self.assertRegex(long, r"^-rw-r--r-- +\d+ +\d+ 10 B 2009-02-13 23:31:30Z /plain\n")

    def test_finds_where_blobs_are_used(self):
        content = self.node("/big")["content"][0]
        tree = self.node("/sub/deeper")["subtree"]
        self.assert_as_restic("--blob", content)
        self.assert_as_restic("--blob", content[:8])
        ours = json.loads(self.firebreak("find", "--json", "--tree", tree).text)
        self.assertEqual([(one["object_type"], one["path"], one["snapshot"]) for one in ours],
                         [("tree", "/sub/deeper", snapshot)
                          for snapshot in (self.second, self.first)])
        pack = self.blobs()[content][1]
        paths = {one["path"] for one in json.loads(
            self.firebreak("find", "--json", "--pack", pack[:10]).text)}
        self.assertIn("/big", paths)
        line = self.firebreak("find", "--blob", content, "-s", self.first).text
        self.assertEqual(line, f"blob {content} in snapshot {self.first[:8]} at /big\n")
        self.assertEqual(self.firebreak("find", "--blob", "0" * 64).text, "")
        self.assert_refused("find", "--pack", "0" * 64, says="no index names")
        self.assert_refused("find", "--blob", "big", says="is no id")
        self.assert_refused("find", "--blob", "--tree", content, says="one of")

    def test_refuses(self):
        self.assert_refused("find", says="PATTERN is required")
        self.assert_refused("find", "[", says='pattern "["')
        self.assert_refused("find", "", says="empty pattern")
        self.assert_refused("find", "..", says="match nothing")
        self.assert_refused("find", "x", "-s", "deadbeef", says="no snapshot")
        self.assert_refused("find", "x", repository="/nowhere", code=10)

    def test_names_what_is_lost_and_goes_on(self):
        os.mkdir(self.folder + "/apart")
        with open(self.folder + "/apart/file", "w") as file:
            file.write("not an empty folder, whose tree is in an older pack")
        third = self.back_up("apart", cwd=self.folder)
        self.lose_pack_of(self.node("/apart", snapshot=third)["subtree"])
        done = self.firebreak("find", "plain", code=1)
        self.assertEqual(done.text.count("/plain"), 2)
        self.assertIn(f"{third[:8]}:", done.errors)
        found = json.loads(self.firebreak("find", "--json", "plain", code=1).text)
        self.assertEqual(len(found), 2)


if __name__ == "__main__":
    harness.main()
