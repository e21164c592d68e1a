"""firebreak stats, against what restic counts."""

import harness


class Stats(harness.CommandTest):
    def setUp(self):
        super().setUp()
        harness.make_tree(self.folder + "/tree")
        self.back_up("big", cwd=self.folder + "/tree", *["--host", "there"])
        self.snapshot = self.back_up_tree("--tag", "a")

    def test_counts_as_restic(self):
        for mode in ("restore-size", "files-by-contents", "raw-data", "blobs-per-file"):
            for arguments in ([], ["latest"], [self.snapshot], ["--tag", "a"],
                              ["--host", "there"], ["--path", self.tree]):
                ours = self.firebreak("stats", "--json", "--mode", mode, *arguments).documents
                theirs = self.restic("stats", "--json", "--mode", mode, *arguments).documents
                for one in ours + theirs:
                    for field in one:
                        one[field] = round(one[field], 6)
                self.assertEqual(ours, theirs, (mode, arguments))
        self.assertEqual(self.firebreak("stats", "--json").documents,
                         self.firebreak("stats", "--json", "--mode", "restore-size").documents)

    def test_prints_lines(self):
        text = self.firebreak("stats", "--mode", "raw-data").text
        self.assertIn("Snapshots processed:  2\n", text)
        self.assertRegex(text, r"Compression Ratio:  \d+\.\d\dx")

    def test_refuses(self):
        self.assert_refused("stats", "--mode", "debug", says='unknown --mode "debug"')
        self.assert_refused("stats", "deadbeef", says="no snapshot")
        self.assert_refused("stats", repository="/nowhere", code=10)

    def test_names_what_is_lost_and_counts_the_rest(self):
        self.lose_pack_of(self.node("/big")["content"][0])
        # Counts what the index says; a pack that is gone shows when it is read.
        self.firebreak("stats", "--mode", "raw-data")
        self.lose_pack_of(self.node("/sub")["subtree"])
        for mode in ("restore-size", "raw-data"):
            done = self.firebreak("stats", "--json", "--mode", mode, code=1)
            self.assertEqual(done.documents[0]["snapshots_count"], 2)
            self.assertIn(self.snapshot[:8], done.errors)


if __name__ == "__main__":
    harness.main()
