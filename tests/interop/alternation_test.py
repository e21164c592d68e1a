"""Twenty rounds on one repository, the programs taking turns by seed, while the tree lives on."""

import sys

import interop

ROUNDS = 20


class Alternation(interop.InteropTest):
    def backup(self, program, _):
        self.save(program)

    def forget(self, program, _):
        listed = self.snapshots()
        if len(listed) > 2:
            program("forget", self.random.choice(listed)["id"])
            self.expected -= 1

    def prune(self, program, _):
        unused = self.random.choice(("0%", "5%", "unlimited"))
        program("prune", "--max-unused", unused)

    def tag(self, program, _):
        chosen = self.random.choice(self.snapshots())
        tag = f"tag-{self.random.randrange(1000)}"
        program("tag", "--add", tag, chosen["id"])
        changed = [one for one in self.snapshots() if tag in one.get("tags", [])]
        self.assertEqual([one["tree"] for one in changed], [chosen["tree"]])

    def copy(self, program, other):
        """Into the second repository, and back what this one has forgotten."""
        program("copy", "--from-repo", self.repository, repository=self.second)
        before = len(self.snapshots())
        other("copy", "--from-repo", self.second)
        self.expected += len(self.snapshots()) - before
        self.assertLessEqual({one["tree"] for one in self.snapshots()},
                             {one["tree"] for one in self.snapshots(self.second)})

    def check(self, program, _):
        program("check", "--read-data")

    def play(self, number):
        """A round: a change, a backup or another verb, and the other program's opinion."""
        program, other = self.random.sample([self.firebreak, self.restic], 2)
        verb = self.random.choice([self.backup, self.forget, self.prune, self.tag, self.copy,
                                   self.check])
        print(f"round {number}: {program.__name__} {verb.__name__}", file=sys.stderr)
        interop.hostile_tree.mutate(self.tree, self.random)
        if verb != self.backup:
            self.save(self.random.choice((program, other)))
        self.expected += 1
        verb(program, other)
        other("check")
        listed = self.snapshots()
        self.assertEqual(len(listed), self.expected)
        chosen = listed if interop.FULL else [self.random.choice(listed)]
        for snapshot in chosen:
            self.assert_restores(other, snapshot)

    def test_programs_take_turns(self):
        self.make_tree(light=not interop.FULL)
        self.second = self.new_repository("--copy-chunker-params", "--from-repo", self.repository)
        self.save(self.firebreak)
        self.expected = 1
        for number in range(1, ROUNDS + 1):
            self.play(number)
        for repository in (self.repository, self.second):
            self.firebreak("check", "--read-data", repository=repository)
            self.restic("check", "--read-data", repository=repository)
        for snapshot in self.snapshots():
            saved_by = self.savers[snapshot["tree"]]
            for program in (self.firebreak, self.restic):
                if interop.FULL or program != saved_by:
                    self.assert_restores(program, snapshot)


if __name__ == "__main__":
    interop.main()
