"""Repositories that firebreak makes and fills, in the hands of restic."""

import interop

# Compression and MiB of a pack.
CELLS = [("off", "4"), ("auto", "4"), ("max", "4"), ("off", "16"), ("auto", "16"), ("max", "16")]


class OurRepository(interop.InteropTest):
    def fill(self, compression, pack_size):
        options = ["--compression", compression, "--pack-size", pack_size]
        self.make_tree()
        first = self.save(self.firebreak, *options)
        interop.hostile_tree.mutate(self.tree, self.random)
        second = self.save(self.firebreak, *options)
        return first, second

    def reads(self, first, second):
        for snapshot in self.judge(verb="backup"):
            self.assert_both(self.listing, snapshot["id"])
        self.assert_both(self.members, second)
        self.assert_both(self.differences, first, second)

    def writes(self, second):
        self.restic("rewrite", second, "--exclude", "/many", "--forget")
        left = self.snapshots()
        rewritten = next(one for one in left if one["tree"] not in self.ledger)
        # A tree that restic could not write again byte for byte would have stopped it here.
        kept = {name: one for name, one in interop.hostile_tree.manifest(self.tree).items()
                if not (name + b"/").startswith(b"many/")}
        self.ledger[rewritten["tree"]] = kept
        self.assertEqual(len(self.judge(verb="rewrite")), 2)
        self.restic("tag", "--add", "kept", rewritten["id"])
        self.judge(verb="tag")
        self.restic("key", "add", "--new-password-file", self.other_password())
        self.firebreak("snapshots", environment={"FIREBREAK_PASSWORD": interop.OTHER_PASSWORD})
        self.judge(verb="key add")
        self.restic("repair", "index")
        self.judge(verb="repair index")
        copied = self.new_repository()
        self.restic("copy", "--from-repo", self.repository, repository=copied)
        self.assertEqual(len(self.judge(copied, verb="copy")), 2)
        self.restic("forget", "--keep-last", "1", "--prune")
        self.assertEqual(len(self.judge(verb="forget")), 1)
        self.save(self.firebreak, "--force")
        self.restic("prune", "--max-unused", "0")
        self.assertEqual(len(self.judge(verb="prune")), 2)


def _add(compression, pack_size):
    def test(self):
        first, second = self.fill(compression, pack_size)
        self.reads(first, second)
        self.writes(second)
    setattr(OurRepository, f"test_{compression}_{pack_size}_mib", test)


for cell in CELLS if interop.FULL else [("auto", "4")]:
    _add(*cell)

if __name__ == "__main__":
    interop.main()
