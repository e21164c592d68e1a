"""The restic of Debian 12, 0.14, for what it has: no rewrite, and no bytes in link targets that are
no text."""

import interop
import hostile_tree


def _less_raw_targets(manifest):
    """0.14 stores link targets as JSON text, which bytes that are no UTF-8 do not survive."""
    return {name: one for name, one in manifest.items()
            if "\ufffd" not in one.get("target", b"").decode("utf-8", "replace")}


class DebianRestic(interop.InteropTest):
    def assert_sound(self, repository=None):
        for program in (self.firebreak, self.debian):
            program("check", "--read-data", repository=repository)
        for snapshot in self.snapshots(repository)[-1:]:
            for program in (self.firebreak, self.debian):
                self.assert_restores(program, snapshot, repository, changed=_less_raw_targets)

    def test_our_repository(self):
        self.make_tree()
        first = self.save(self.firebreak)
        hostile_tree.mutate(self.tree, self.random)
        second = self.save(self.firebreak)
        self.assert_sound()
        self.assert_same(self.members(self.firebreak, second, "/names"),
                         self.members(self.debian, second, "/names"))
        ours = self.differences(self.firebreak, first, second)
        theirs = self.differences(self.debian, first, second)
        self.assert_same(ours, theirs)
        copied = self.new_repository()
        self.debian("copy", "--repo2", copied, environment={
            "RESTIC_PASSWORD2": interop.harness.PASSWORD})
        self.assert_sound(copied)
        self.debian("forget", "--keep-last", "1", "--prune", "--max-unused", "0")
        self.assertEqual([one["id"] for one in self.snapshots()], [second])
        self.assert_sound()

    def test_their_repository(self):
        self.repository = self.new_repository("--repository-version", "1", program=self.debian)
        self.make_tree(light=not interop.FULL)
        self.save(self.debian)
        hostile_tree.mutate(self.tree, self.random)
        self.save(self.firebreak)
        self.save(self.debian)
        self.assertEqual(len(self.snapshots()), 3)
        self.assert_sound()
        self.firebreak("forget", "--keep-last", "2", "--prune", "--max-unused", "0%")
        self.assertEqual(len(self.snapshots()), 2)
        self.assert_sound()


if __name__ == "__main__":
    interop.main()
