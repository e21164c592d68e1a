"""forget, prune and tag; restic looks at what is left."""

import json
import os

import harness


class Maintain(harness.CommandTest):
    def left(self):
        return [one["id"] for one in json.loads(self.restic("snapshots", "--json").text or "[]")]

    def days(self, count, *arguments):
        return [self.back_up_tree("--time", f"2024-05-{day + 1:02}T12:00:00Z", "--host", "a",
                                  *arguments)
                for day in range(count)]


class Forget(Maintain):
    def test_by_policy(self):
        made = self.days(6)
        dry = self.firebreak("forget", "--keep-last", "2", "--dry-run")
        self.assertIn("keep 2, remove 4", dry.text)
        self.assertEqual(len(self.left()), 6)
        done = self.firebreak("forget", "--keep-last", "2", "--json")
        group, = done.documents[0]
        self.assertEqual([one["id"] for one in group["keep"]], made[:3:-1])
        self.assertEqual([one["id"] for one in group["remove"]], made[3::-1])
        self.assertEqual(group["host"], "a")
        self.assertEqual(group["reasons"][0]["matches"], ["last snapshot"])
        self.assertEqual(self.left(), made[4:])
        self.restic("check", "--read-data")

    def test_as_restic_decides(self):
        self.days(9)
        self.back_up_tree("--time", "2023-01-01T00:30:00Z", "--host", "a", "--tag", "x,y")
        self.back_up_tree("--time", "2024-05-09T12:00:01Z", "--host", "b")
        policies = (
            ("--keep-hourly", "2"), ("--keep-daily", "3"), ("--keep-weekly", "2"),
            ("--keep-monthly", "2"), ("--keep-yearly", "unlimited"), ("--keep-within", "3d"),
            ("--keep-within-hourly", "2d"), ("--keep-within-daily", "4d"),
            ("--keep-within-weekly", "1m"), ("--keep-within-monthly", "2m"),
            ("--keep-within-yearly", "9y"), ("--keep-last", "1", "--keep-tag", "x,y"),
            ("--keep-last", "3", "--group-by", ""), ("--keep-last", "1", "--host", "a"),
            ("--keep-last", "1", "--path", "/"))
        for policy in policies:
            ours = self.firebreak("forget", "--dry-run", "--json", *policy).documents[0]
            theirs = json.loads(self.restic("forget", "--dry-run", "--json", *policy).text or "[]")
            for groups in (ours, theirs):
                for group in groups:
                    for key in ("keep", "remove"):
                        group[key] = [one["id"] for one in group[key] or []]
                    group["reasons"] = [(one["snapshot"]["id"], one["matches"])
                                        for one in group["reasons"] or []]
                    group["tags"], group["paths"] = group["tags"] or [], group["paths"] or []
                groups.sort(key=lambda group: group["host"])
            self.assertEqual(ours, theirs, policy)

    def test_by_id(self):
        made = self.days(3)
        done = self.firebreak("forget", made[0][:10], "latest", "--host", "a", "--json")
        group, = done.documents[0]
        self.assertEqual({one["id"] for one in group["remove"]}, {made[0], made[2]})
        self.assertEqual(self.left(), [made[1]])
        self.assert_refused("forget", "abcdef0123", says="abcdef0123")
        self.firebreak("forget", made[1], "--dry-run", "--no-lock")
        self.firebreak("forget", made[1], "--dry-run")
        self.assertEqual(self.left(), [made[1]])
        self.firebreak("forget", made[1], "--prune")
        self.assertEqual(self.packs(), [])
        self.restic("check")

    def test_nothing_by_default(self):
        self.days(2)
        for options in ([], ["--keep-last", "0"], ["--dry-run", "--host", "other"]):
            self.assert_refused("forget", *options, says="everything was kept")
        self.assertEqual(len(self.left()), 2)
        self.firebreak("forget", "--keep-last", "2", "--prune", "--compact", "--time-zone",
                       "Europe/Berlin")
        self.assertEqual(len(self.left()), 2)

    def test_a_group_is_never_emptied_by_accident(self):
        self.days(2)
        other = self.back_up_tree("--host", "b", "--tag", "t")
        done = self.firebreak("forget", "--keep-tag", "t", code=3)
        self.assertIn("all of it is kept", done.errors)
        self.assertEqual(len(self.left()), 3)
        self.assert_refused("forget", "--unsafe-allow-remove-all", says="needs a filter")
        self.firebreak("forget", "--unsafe-allow-remove-all", "--host", "a", "--prune")
        self.assertEqual(self.left(), [other])
        self.restic("check", "--read-data")

    def test_refusals(self):
        self.back_up_tree()
        for arguments, says in (
                (("--keep-last", "-2"), "--keep-last"), (("--keep-daily", "x"), "--keep-daily"),
                (("--keep-within", "3w"), "--keep-within"), (("--group-by", "x"), "--group-by"),
                (("--time-zone", "Europe/Berln"), "--time-zone"),
                (("latest", "--keep-last", "1"), "not both"),
                (("--keep-last", "1", "--max-unused", "x"), "--max-unused"),
                (("--keep-last", "1", "--no-lock"), "lock")):
            self.assert_refused("forget", *arguments, says=says)
        self.assertEqual(len(self.left()), 1)


class Prune(Maintain):
    def lose_one_of_two(self):
        keep = self.back_up_tree()
        with open(self.tree + "/more", "wb") as file:
            file.write(os.urandom(3_000_000))
        lost = self.back_up_tree()
        self.firebreak("forget", lost)
        return keep

    def test_gives_space_back(self):
        keep = self.lose_one_of_two()
        before = sum(map(os.path.getsize, self.packs()))
        dry = self.firebreak("prune", "--dry-run", "--json").documents[0]
        self.assertTrue(dry["dry_run"])
        self.assertEqual(sum(map(os.path.getsize, self.packs())), before)
        done = self.firebreak("prune", "--json").documents[0]
        self.assertEqual(done["bytes_freed"], dry["bytes_freed"])
        self.assertLess(sum(map(os.path.getsize, self.packs())), before - 2_900_000)
        self.restic("check", "--read-data")
        self.restic("restore", keep, "--target", self.folder + "/restored")
        os.unlink(self.tree + "/more")
        os.unlink(self.tree + "/socket")  # restic restores none
        self.assertEqual(harness.look_at(self.tree), harness.look_at(self.folder + "/restored"))
        self.assertIn("nothing to prune", self.firebreak("prune").text)

    def test_options(self):
        self.lose_one_of_two()
        self.firebreak("prune", "--max-unused", "unlimited", "--max-repack-size", "0",
                       "--repack-cacheable-only", "--no-lock", "--dry-run")
        self.firebreak("prune", "--max-unused", "0", "--repack-small", "--repack-uncompressed")
        self.firebreak("prune", "--max-unused", "10%", "--repack-smaller-than", "1M")
        self.restic("check", "--read-data")
        self.assert_refused("prune", "--max-unused", "101%", says="--max-unused")
        self.assert_refused("prune", "--max-repack-size", "x", says="--max-repack-size")
        self.assert_refused("prune", "--repack-smaller-than", "x", says="--repack-smaller-than")
        self.assert_refused("prune", "--no-lock", says="--no-lock")

    def test_damage_stops_it(self):
        self.back_up_tree()
        os.unlink(self.packs()[0])
        before = self.packs()
        self.assert_refused("prune", says="firebreak check")
        self.assertEqual(self.packs(), before)


class Tag(Maintain):
    def tags(self):
        return [one.get("tags", []) for one in json.loads(self.restic("snapshots", "--json").text)]

    def test_tags(self):
        first = self.back_up_tree("--tag", "a", "--time", "2024-01-01T00:00:00Z")
        self.back_up_tree("--tag", "b", "--time", "2024-01-02T00:00:00Z")
        self.firebreak("tag", "--add", "x,y", "--add", "z", "--dry-run")
        self.assertEqual(self.tags(), [["a"], ["b"]])
        done = self.firebreak("tag", "--add", "x,y", first[:8], "--json")
        self.assertEqual(done.documents[0]["old_snapshot_id"], first)
        self.assertEqual(done.documents[1]["changed_snapshots"], 1)
        self.assertEqual(self.tags(), [["a", "x", "y"], ["b"]])
        self.firebreak("tag", "--tag", "b", "--remove", "b", "--add", "c")
        self.assertEqual(self.tags(), [["a", "x", "y"], ["c"]])
        self.firebreak("tag", "--set", "s", "--path", "/nowhere")
        self.firebreak("tag", "--set", "", "latest")
        self.assertEqual(self.tags(), [["a", "x", "y"], []])
        original = json.loads(self.restic("snapshots", "--json").text)[0]["original"]
        self.assertEqual(original, first)
        self.assertIn("changed 0", self.firebreak("tag", "--add", "a", done.documents[0][
            "new_snapshot_id"]).text)
        self.restic("check", "--read-data")

    def test_refusals(self):
        self.assert_refused("tag", says="nothing to do")
        self.assert_refused("tag", "--set", "a", "--add", "b", says="--set alone")
        self.assert_refused("tag", "--add", "b", "--no-lock", says="--no-lock")


class Slips(harness.CommandTest):
    def test_a_number_is_no_id(self):
        self.back_up_tree()
        self.assert_refused("forget", "2", says="give 4 characters")


if __name__ == "__main__":
    harness.main()
