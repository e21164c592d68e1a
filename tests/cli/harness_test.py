"""What the other tests stand on: both programs see the same tree."""

import harness


class Harness(harness.CommandTest):
    def test_both_programs_read_the_hostile_tree(self):
        snapshot = self.back_up_tree("--tag", "a")
        listed = [snapshot["id"] for snapshot in self.firebreak("snapshots", "--json").documents[0]]
        self.assertEqual(listed, [snapshot])
        self.restic("check", "--read-data")
        self.assertEqual({kind for kind, _ in self.blobs().values()}, {"data", "tree"})
        self.assertGreaterEqual(len(self.packs()), 2)

    def test_refusals_are_one_line(self):
        self.assert_refused("snapshots", "zzzz", says="zzzz")
        self.assert_refused("snapshots", repository="/nowhere", code=10, says="no repository")
        self.assert_refused("snapshots", environment={"FIREBREAK_PASSWORD": "x"}, code=12)


if __name__ == "__main__":
    harness.main()
