"""check, and what it tells to do: repair index, repair snapshots, copy from another repository."""

import hashlib
import json
import os

import harness


class Check(harness.CommandTest):
    def summary(self, done):
        return done.documents[-1]

    def test_a_sound_repository(self):
        self.back_up_tree()
        done = self.firebreak("check")
        self.assertIn("no errors were found", done.text)
        self.assertIn("--read-data", done.errors)
        done = self.firebreak("check", "--read-data", "--json")
        summary = self.summary(done)
        self.assertEqual((summary["message_type"], summary["num_errors"]), ("summary", 0))
        self.assertEqual(summary["packs_read"], len(self.packs()))
        self.assertFalse(summary["suggest_repair_index"] or summary["suggest_prune"])
        self.assertEqual(os.listdir(self.repository + "/locks"), [])

    def test_subsets(self):
        self.back_up_tree()
        packs = len(self.packs())
        parts = [self.summary(self.firebreak("check", "--json", "--read-data-subset", f"{n}/3"))
                 for n in (1, 2, 3)]
        self.assertEqual(sum(part["packs_read"] for part in parts), packs)
        for subset in ("100%", "1T"):
            done = self.firebreak("check", "--json", "--read-data-subset", subset)
            self.assertEqual(self.summary(done)["packs_read"], packs)
        for wrong in ("0/3", "4/3", "1/257", "0%", "101%", "x", "1/", "0"):
            self.assert_refused("check", "--read-data-subset", wrong, says="--read-data-subset")
        self.assert_refused("check", "--read-data", "--read-data-subset", "1/2", says="not both")

    def test_a_flipped_bit_in_data(self):
        snapshot = self.back_up_tree()
        name = self.blobs()[self.node("/plain", snapshot)["content"][0]][1]
        path = f"{self.repository}/data/{name[:2]}/{name}"
        os.chmod(path, 0o600)
        with open(path, "r+b") as pack:
            pack.seek(20)
            byte = pack.read(1)
            pack.seek(20)
            pack.write(bytes([byte[0] ^ 1]))
        self.firebreak("check")
        done = self.firebreak("check", "--read-data", code=1)
        self.assertIn("damage: ", done.text)
        self.assertIn("firebreak repair packs (", done.errors)
        done = self.firebreak("check", "--read-data", "--json", code=1)
        self.assertEqual(self.summary(done)["broken_packs"], [name])
        self.assertTrue(any(one["message_type"] == "error" for one in done.error_documents))

    def test_the_cache_is_not_believed(self):
        self.back_up_tree()
        self.firebreak("check", "--with-cache")
        index = self.repository + "/index/" + os.listdir(self.repository + "/index")[0]
        os.chmod(index, 0o600)
        with open(index, "r+b") as file:
            file.seek(40)
            file.write(b"\0\0\0\0")
        done = self.firebreak("check", code=1)
        self.assertIn("firebreak repair index", done.errors)
        self.firebreak("repair", "index")
        self.firebreak("check", "--read-data")
        self.restic("check", "--read-data")

    def test_locks(self):
        self.firebreak("check", "--no-lock")
        self.back_up_tree()
        os.chmod(self.repository + "/locks", 0o500)
        self.addCleanup(os.chmod, self.repository + "/locks", 0o700)
        self.firebreak("check", "--no-lock")

    def test_a_broken_snapshot_file(self):
        lost, kept = self.back_up_tree(), self.back_up_tree("--force")
        path = f"{self.repository}/snapshots/{lost}"
        os.chmod(path, 0o600)
        with open(path, "r+b") as file:
            file.write(b"broken")
        done = self.firebreak("check", code=1)
        self.assertIn(f"firebreak forget {lost[:8]}", done.errors)
        self.assert_refused("forget", "--keep-last", "1", says=f"firebreak forget {lost[:8]}")
        self.assert_refused("prune", says=lost[:8])
        self.firebreak("repair", "snapshots", code=3)
        self.firebreak("forget", lost[:8])
        self.firebreak("check", "--read-data")
        self.restic("check", "--read-data")
        left = json.loads(self.restic("snapshots", "--json").text)
        self.assertEqual([one["id"] for one in left], [kept])


    def test_a_damaged_key(self):
        self.back_up_tree()
        with open(self.folder + "/second", "w") as file:
            file.write("second")
        before = set(os.listdir(self.repository + "/keys"))
        self.firebreak("key", "add", "--new-password-file", self.folder + "/second")
        name = (set(os.listdir(self.repository + "/keys")) - before).pop()
        path = f"{self.repository}/keys/{name}"
        os.chmod(path, 0o600)
        with open(path, "rb") as file:
            whole = file.read()
        for content in (whole.replace(b"data", b"dato"), whole[:-9] + b"A" + whole[-8:], b"",
                        b"no key"):
            with open(path, "wb") as file:
                file.write(content)
            done = self.firebreak("check", code=1)
            self.assertIn(f"damage: keys/{name}", done.text)
            self.assertIn(f"firebreak key remove {name[:8]}", done.errors)
            self.firebreak("key", "list", code=1)
        self.firebreak("key", "remove", name[:8])
        self.firebreak("check")
        self.restic("check")

    def test_a_folder_in_the_place_of_a_snapshot_file(self):
        lost, _ = self.back_up_tree(), self.back_up_tree("--force")
        path = f"{self.repository}/snapshots/{lost}"
        os.unlink(path)
        os.mkdir(path)
        done = self.firebreak("check", code=1)
        for words in ("is no file", "firebreak copy --from-repo OTHER", "before any prune"):
            self.assertIn(words, done.text + done.errors)

    def test_damage_in_the_parent_is_stored_anew(self):
        self.back_up_tree()
        self.assertGreater(self.flip_blobs(lambda kind, _: kind == "tree"), 3)
        done = self.firebreak("backup", ".", cwd=self.tree)
        self.assertIn("damaged in the parent snapshot, and stored anew", done.errors)
        target = self.folder + "/restored"
        self.firebreak("restore", "latest", "--target", target)
        self.assertEqual(harness.look_at(target), harness.look_at(self.tree))
        # All that was damaged is stored anew, and the old snapshot has it from there.
        self.firebreak("check", "--read-data", code=1)
        self.firebreak("repair", "packs")
        self.firebreak("check", "--read-data")
        self.restic("check", "--read-data")

    def test_index_and_pack_are_gone(self):
        self.back_up_tree()
        pack = self.packs()[0]
        os.rename(pack, self.folder + "/moved-out")
        for name in os.listdir(self.repository + "/index"):
            os.unlink(f"{self.repository}/index/{name}")
        self.firebreak("repair", "index")
        done = self.firebreak("check", code=1)
        words = done.errors
        self.assertLess(words.index("may only have been moved out"),
                        words.index("repair snapshots"))
        os.rename(self.folder + "/moved-out", pack)
        self.firebreak("repair", "index")
        self.firebreak("check", "--read-data")

    def test_keys_that_would_not_be_tried(self):
        self.back_up_tree()
        folder = self.repository + "/keys"
        with open(f"{folder}/{os.listdir(folder)[0]}", "rb") as file:
            whole = file.read()
        for count in range(19):
            content = whole + b" " * (count + 1)
            with open(f"{folder}/{hashlib.sha256(content).hexdigest()}", "wb") as file:
                file.write(content)
        with open(self.folder + "/second", "w") as file:
            file.write("second")
        self.assert_refused("key", "add", "--new-password-file", self.folder + "/second",
                            says="there are 20 keys, and no more are tried")

    def test_what_a_broken_snapshot_file_had_comes_back(self):
        self.back_up_tree()
        with open(self.tree + "/only-then", "wb") as file:
            file.write(os.urandom(5000))
        with open(self.tree + "/only-then", "rb") as file:
            content = file.read()
        lost = self.back_up_tree()
        os.unlink(self.tree + "/only-then")
        self.back_up_tree()
        path = f"{self.repository}/snapshots/{lost}"
        os.chmod(path, 0o600)
        with open(path, "r+b") as file:
            file.write(b"broken")
        done = self.firebreak("check", code=1)
        for words in ("firebreak copy --from-repo OTHER", "restic recover"):
            self.assertIn(words, done.errors)
        done = self.firebreak("forget", lost[:8], "--prune", code=1)
        self.assertIn("restic recover", done.errors)
        self.assertTrue(os.path.exists(path))
        done = self.firebreak("forget", lost[:8])
        self.assertIn("restic recover", done.errors)
        self.restic("recover")
        self.firebreak("prune", "--max-unused", "0")
        self.restic("check", "--read-data")
        target = self.folder + "/recovered"
        self.restic("restore", "latest", "--target", target, "--include", "only-then")
        found = [os.path.join(folder, "only-then") for folder, _, names in os.walk(target)
                 if "only-then" in names]
        self.assertEqual(len(found), 1)
        with open(found[0], "rb") as file:
            self.assertEqual(file.read(), content)


class Mend(harness.CommandTest):
    def lose_big_of(self, snapshot):
        self.lose_pack_of(self.node("/big", snapshot)["content"][0])

    def test_what_is_lost_comes_back_from_the_source(self):
        self.lose_big_of(self.back_up_tree())
        done = self.firebreak("check", code=1)
        self.assertIn("firebreak repair index", done.errors)
        self.assert_refused("repair", "snapshots", says="firebreak repair index")
        self.firebreak("repair", "index")
        self.firebreak("check", code=1)
        self.back_up_tree("--force")
        self.firebreak("check", "--read-data")
        self.restic("check", "--read-data")

    def test_what_is_lost_comes_back_from_another_repository(self):
        snapshot = self.back_up_tree()
        other = self.folder + "/other"
        secret = self.folder + "/secret"
        with open(secret, "w") as file:
            file.write(harness.PASSWORD)
        source = ("--from-repo", self.repository, "--from-password-file", secret)
        self.firebreak("init", *source, "--copy-chunker-params", repository=other)
        self.firebreak("copy", *source, repository=other)
        self.lose_big_of(snapshot)
        self.firebreak("repair", "index")
        source = ("--from-repo", other, "--from-password-file", secret)
        done = self.firebreak("copy", *source, "latest", "--json")
        self.assertEqual(done.documents[0]["message_type"], "skipped")
        self.assertEqual(done.documents[0]["snapshot_id"], snapshot)
        self.assertGreater(done.documents[-1]["data_blobs"], 0)
        self.restic("check", "--read-data")

    def test_snapshots_go_on_without_what_is_lost(self):
        first = self.back_up_tree()
        with open(self.tree + "/kept", "w") as file:
            file.write("in a pack of its own\n")
        damaged = self.back_up_tree()
        self.firebreak("forget", first)
        self.lose_big_of(damaged)
        self.firebreak("repair", "index")
        dry = self.firebreak("repair", "snapshots", "--dry-run")
        self.assertIn("/big", dry.text)
        self.assertEqual(os.listdir(self.repository + "/snapshots"), [damaged])
        done = self.firebreak("repair", "snapshots", damaged[:8], "--json")
        changed = next(one for one in done.documents if one["message_type"] == "changed")
        self.assertEqual(changed["old_snapshot_id"], damaged)
        repaired = json.loads(self.restic("snapshots", "--json", "--tag", "repaired").text)
        self.assertEqual(repaired[0]["original"], damaged)
        self.firebreak("forget", repaired[0]["id"])
        self.firebreak("repair", "snapshots", "--forget")
        self.restic("check", "--read-data")
        target = self.folder + "/restored"
        self.restic("restore", "latest", "--target", target)
        self.assertEqual(os.path.getsize(target + "/big"), 0)
        with open(target + "/kept") as file:
            self.assertEqual(file.read(), "in a pack of its own\n")

    def test_one_index_file_of_two_is_gone(self):
        first = self.back_up_tree()
        lost = os.listdir(self.repository + "/index")
        with open(self.tree + "/second", "w") as file:
            file.write("in packs of another index file\n")
        second = self.back_up_tree()
        for name in lost:
            os.unlink(f"{self.repository}/index/{name}")
        for options in ((), ("--read-data",)):
            done = self.firebreak("check", *options, code=1)
            advice = [line for line in done.errors.splitlines() if "firebreak " in line]
            self.assertIn("next: firebreak repair index", advice[0])
        self.assert_refused("repair", "snapshots", "--forget", says="firebreak repair index")
        self.assertEqual(sorted(os.listdir(self.repository + "/snapshots")),
                         sorted([first, second]))
        self.firebreak("repair", "index")
        self.firebreak("check", "--read-data")
        self.restic("check", "--read-data")

    def test_an_index_that_is_gone(self):
        self.back_up_tree()
        for name in os.listdir(self.repository + "/index"):
            os.unlink(f"{self.repository}/index/{name}")
        self.firebreak("check", code=1)
        done = self.firebreak("repair", "index", "--json")
        self.assertEqual(done.documents[-1]["packs_added"], len(self.packs()))
        self.restic("check", "--read-data")
        done = self.firebreak("repair", "index", "--read-all-packs", "--json")
        self.assertEqual(done.documents[-1]["packs_read"], len(self.packs()))
        self.restic("check", "--read-data")


if __name__ == "__main__":
    harness.main()
