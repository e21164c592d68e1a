"""Repositories that restic makes and fills, in the hands of firebreak, and restic after it."""

import interop

# The version of the format and how restic compresses.
CELLS = [("1", "off"), ("2", "off"), ("2", "auto"), ("2", "max")]


class TheirRepository(interop.InteropTest):
    def fill(self, version, compression):
        self.version = version
        self.repository = self.new_repository("--repository-version", version, program=self.restic)
        self.options = ["--compression", compression] if version == "2" else []
        self.make_tree()
        first = self.save(self.restic, *self.options)
        interop.hostile_tree.mutate(self.tree, self.random)
        second = self.save(self.restic, *self.options)
        return first, second

    def reads(self, first, second):
        for snapshot in self.judge(verb="backup by restic"):
            self.assert_both(self.listing, snapshot["id"])
        self.assert_both(self.members, second)
        self.assert_both(self.differences, first, second)

    def writes(self, first, second):
        third = self.save(self.firebreak, *self.options, "--force")
        trees = {one["id"]: one["tree"] for one in self.judge(verb="backup")}
        # Both programs cut small files alike, name keys alike and know the same of a file.
        self.assert_both(self.differences, second, third)
        self.assertEqual(len(trees), 3)
        self.firebreak("tag", "--set", "of, two", first)
        self.judge(verb="tag")
        self.firebreak("key", "add", "--new-password-file", self.other_password())
        self.restic("snapshots", environment={"RESTIC_PASSWORD": interop.OTHER_PASSWORD})
        self.judge(verb="key add")
        self.firebreak("repair", "index")
        self.judge(verb="repair index")
        self.firebreak("forget", second)
        self.assertEqual(len(self.judge(verb="forget")), 2)
        self.firebreak("prune", "--max-unused", "0%")
        self.assertEqual(len(self.judge(verb="prune")), 2)

    def copies_to_and_from(self):
        """From restic's to a new one of restic's and of ours, and back into restic's."""
        for program in (self.restic, self.firebreak):
            other = self.new_repository(program=program)
            self.firebreak("copy", "--from-repo", self.repository, repository=other)
            self.assertEqual(len(self.judge(other, verb="copy from")), 2)
        self.firebreak("forget", "--keep-last", "1", "--group-by", "", "--prune")
        self.firebreak("copy", "--from-repo", other)
        self.assertEqual(len(self.judge(verb="copy to")), 2)


def _add(version, compression):
    def test(self):
        first, second = self.fill(version, compression)
        self.reads(first, second)
        self.writes(first, second)
        self.copies_to_and_from()
    setattr(TheirRepository, f"test_version_{version}_{compression}", test)


for cell in CELLS if interop.FULL else [("2", "auto")]:
    _add(*cell)

if __name__ == "__main__":
    interop.main()
