"""repair packs: what is damaged comes back from the pack itself and from another repository."""

import hashlib
import os
import shutil

import harness


class RepairPacks(harness.CommandTest):
    def setUp(self):
        super().setUp()
        self.snapshot = self.back_up_tree()
        self.other = self.folder + "/other"
        self.from_other = ["--from-repo", self.other]
        self.environment["FIREBREAK_FROM_PASSWORD"] = harness.PASSWORD
        self.firebreak("init", repository=self.other)
        self.firebreak("copy", "--from-repo", self.repository, repository=self.other)

    def flip(self, path, at=20):
        os.chmod(path, 0o600)
        with open(path, "r+b") as pack:
            pack.seek(at)
            byte = pack.read(1)
            pack.seek(at)
            pack.write(bytes([byte[0] ^ 1]))

    def cut(self, path, size=100):
        os.chmod(path, 0o600)
        os.truncate(path, os.path.getsize(path) - size)

    def assert_whole(self):
        self.firebreak("check", "--read-data")
        self.restic("check", "--read-data")
        target = self.folder + "/restored"
        self.restic("restore", self.snapshot, "--target", target)
        wanted = harness.look_at(self.tree)
        found = harness.look_at(target)
        # restic makes no sockets.
        wanted.pop("socket")
        for path, entry in wanted.items():
            self.assertEqual(found[path][:3], entry[:3], path)

    def test_a_flipped_bit(self):
        self.flip(self.packs()[0])
        self.firebreak("check", "--read-data", code=1)
        dry = self.firebreak("repair", "packs", "--dry-run", *self.from_other)
        self.assertIn("would replace 1 pack", dry.text)
        self.firebreak("check", "--read-data", code=1)
        self.firebreak("repair", "packs", *self.from_other)
        self.assert_whole()

    def test_backup_force_stores_damage_anew(self):
        for pack in self.packs():
            self.flip(pack)
        self.firebreak("check", "--read-data", code=1)
        plain = self.firebreak("backup", "--json", self.tree)
        self.assertEqual(plain.documents[-1]["data_blobs"], 0)
        forced = self.firebreak("backup", "--json", "--force", self.tree)
        self.assertGreater(forced.documents[-1]["data_blobs"], 0)
        # The old snapshot's blobs are the new one's.
        done = self.firebreak("repair", "packs", "--json")
        self.assertEqual(done.documents[-1]["blobs_lost"], 0)
        self.assert_whole()
        again = self.firebreak("backup", "--json", "--force", self.tree)
        self.assertEqual(again.documents[-1]["data_blobs"], 0)

    def test_copy_of_a_named_snapshot_stores_damage_anew(self):
        for pack in self.packs():
            self.flip(pack)
        plain = self.firebreak("copy", "--json", *self.from_other)
        self.assertEqual(plain.documents[-1]["data_added"], 0)
        named = self.firebreak("copy", "--json", *self.from_other, "latest")
        self.assertGreater(named.documents[-1]["data_added"], 0)
        done = self.firebreak("repair", "packs", "--json")
        self.assertEqual(done.documents[-1]["blobs_lost"], 0)
        self.assert_whole()

    def test_a_broken_snapshot_file_comes_back_from_another_repository(self):
        path = f"{self.repository}/snapshots/{self.snapshot}"
        os.chmod(path, 0o600)
        os.truncate(path, 0)
        self.firebreak("check", code=1)
        self.firebreak("copy", *self.from_other)
        self.firebreak("forget", self.snapshot[:8])
        self.firebreak("prune")
        self.snapshot = "latest"
        self.assert_whole()

    def test_missing_packs(self):
        for pack in self.packs():
            os.unlink(pack)
        self.firebreak("check", code=1)
        done = self.firebreak("repair", "packs", "--json", *self.from_other)
        summary = done.documents[-1]
        self.assertEqual((summary["blobs_salvaged"], summary["blobs_lost"]), (0, 0))
        self.assertGreater(summary["blobs_recovered"], 0)
        self.assert_whole()

    def test_a_pack_cut_short_is_salvaged_whatever_ran_before(self):
        self.cut(max(self.packs(), key=os.path.getsize))
        done = self.firebreak("check", code=1)
        self.assertIn("firebreak repair packs", done.errors)
        self.assertNotIn("firebreak repair index", done.errors)
        # Each of these used to lead to the loss of every blob in the pack.
        self.firebreak("repair", "index", code=1)
        self.firebreak("repair", "index", "--read-all-packs", code=1)
        self.assert_refused("repair", "snapshots", "--forget", says="firebreak repair packs")
        self.assert_refused("prune", says="firebreak check")
        done = self.firebreak("repair", "packs", "--json")
        summary = done.documents[-1]
        self.assertEqual((summary["packs_replaced"], summary["blobs_lost"]), (1, 0))
        self.assertGreater(summary["blobs_salvaged"], 1)
        self.assert_whole()

    def test_a_folder_in_the_place_of_a_pack(self):
        pack = max(self.packs(), key=os.path.getsize)
        os.unlink(pack)
        os.mkdir(pack)
        self.firebreak("check", code=1)
        done = self.firebreak("repair", "packs", "--json", *self.from_other)
        self.assertEqual(done.documents[-1]["blobs_lost"], 0)
        self.assertIn("is no file", self.firebreak("check", code=1).text)
        os.rmdir(pack)
        self.assert_whole()

    def test_a_folder_among_the_files(self):
        for folder in ("keys", "locks", "snapshots", "index", "data/00"):
            path = f"{self.repository}/{folder}/{'0' * 64}"
            os.mkdir(path)
            done = self.firebreak("check", code=1)
            self.assertIn(f"{folder}/{'0' * 64}: is no file", done.text)
            self.assertIn("move what is no file", done.errors)
            os.rmdir(path)
        self.firebreak("check")

    def test_a_pack_in_another_folder(self):
        packs = self.packs()  # of files and of trees
        for whereto, pack in (("data", packs[0]), ("data/zz", packs[-1]), ("data/00", packs[0])):
            name = os.path.basename(pack)
            if os.path.dirname(pack) == f"{self.repository}/{whereto}":
                whereto = "data/01"
            misplaced = f"{self.repository}/{whereto}/{name}"
            os.makedirs(os.path.dirname(misplaced), exist_ok=True)
            os.rename(pack, misplaced)
            way_back = f"move it to data/{name[:2]}/{name}"
            done = self.firebreak("check", code=1)
            self.assertIn(f"lies in {whereto}/{name}", done.text)
            self.assertIn(way_back, done.text)
            self.assertNotIn("next:", done.errors)
            document = self.firebreak("check", "--json", code=1).documents[-1]
            self.assertFalse(document["suggest_repair_index"])
            self.assertFalse(document["suggest_repair_packs"])
            # Each of these would give up what lies there.
            for words in (["index"], ["index", "--read-all-packs"], ["packs"],
                          ["packs", "--give-up-lost"], ["packs", "--dry-run"],
                          ["packs", *self.from_other], ["snapshots", "--forget"]):
                self.assert_refused("repair", *words, says=way_back)
            os.rename(misplaced, pack)
        self.assert_whole()
        # A second copy of one that is in its place is in nobody's way.
        shutil.copy(self.packs()[0], self.repository + "/data/zz")
        self.firebreak("check", "--read-data")
        self.firebreak("repair", "index")

    def test_a_pack_among_other_files(self):
        pack = max(self.packs(), key=os.path.getsize)
        name = os.path.basename(pack)
        way_back = f"move it to data/{name[:2]}/{name}"
        for folder, removers in (("index", []), ("keys", [["key", "remove", name]]),
                                 ("snapshots", [["forget", name]]),
                                 ("locks", [["unlock", "--remove-all"]])):
            misplaced = f"{self.repository}/{folder}/{name}"
            os.rename(pack, misplaced)
            if folder == "locks":
                # Nobody gets a lock, and what would make room gives the file up.
                self.assert_refused("check", says="unlock --remove-all")
            else:
                done = self.firebreak("check", code=1)
                self.assertIn(way_back, done.text)
                self.assertNotIn("next:", done.errors)
                for words in (["index"], ["packs", "--give-up-lost"], ["snapshots", "--forget"]):
                    self.firebreak("repair", *words, code=1)
            for words in removers:
                self.assertIn(way_back, self.firebreak(*words, code=1).errors)
            os.rename(misplaced, pack)
        self.assert_whole()

    def test_a_snapshot_file_among_index_files(self):
        name = os.listdir(self.repository + "/snapshots")[0]
        os.rename(f"{self.repository}/snapshots/{name}", f"{self.repository}/index/{name}")
        self.assertIn("does not belong there", self.firebreak("check", code=1).text)
        self.assert_refused("repair", "index", says="does not belong there")
        os.rename(f"{self.repository}/index/{name}", f"{self.repository}/snapshots/{name}")
        self.assert_whole()

    def test_the_tree_of_an_empty_folder(self):
        os.mkdir(self.tree + "/empty-folder")
        self.snapshot = self.back_up_tree()
        empty = hashlib.sha256(b'{"nodes":[]}\n').hexdigest()
        self.assertEqual(self.flip_blobs(lambda _, blob: blob == empty), 1)
        self.firebreak("repair", "packs", "--give-up-lost", code=1)
        self.firebreak("check", code=1)
        done = self.firebreak("repair", "snapshots", "--dry-run")
        self.assertIn("1 empty folder, of which nothing is lost", done.text)
        self.assertIn("next: firebreak repair snapshots", done.errors)
        self.firebreak("repair", "snapshots")
        self.assert_whole()

    def test_a_folder_in_the_place_of_a_pack_and_nothing_else(self):
        pack = max(self.packs(), key=os.path.getsize)
        os.unlink(pack)
        os.mkdir(pack)
        self.firebreak("repair", "packs", "--give-up-lost", code=1)
        self.firebreak("repair", "snapshots", "--forget")
        os.rmdir(pack)
        self.firebreak("check", "--read-data")
        self.restic("check", "--read-data")

    def test_a_damaged_pack_that_no_index_names(self):
        for name in os.listdir(self.repository + "/index"):
            os.unlink(f"{self.repository}/index/{name}")
        pack = max(self.packs(), key=os.path.getsize)
        self.cut(pack)
        self.firebreak("repair", "index", code=1)
        self.firebreak("check", "--read-data", code=1)
        done = self.firebreak("repair", "packs", code=1)
        self.assertIn(os.path.basename(pack), done.text)
        self.assertIn("firebreak copy --from-repo", done.errors)
        self.firebreak("repair", "packs", "--dry-run", code=1)
        self.assertTrue(os.path.exists(pack))
        self.firebreak("copy", *self.from_other, "latest")
        done = self.firebreak("check", "--read-data", code=1)
        self.assertIn("firebreak prune", done.errors)
        self.firebreak("prune")
        self.assert_whole()

    def test_a_copy_of_the_folder_is_another_repository(self):
        twin = self.folder + "/twin"
        shutil.copytree(self.repository, twin)
        source = ["--from-repo", twin]
        pack = self.packs()[0]
        self.flip(pack)
        self.firebreak("repair", "packs", *source)
        self.assert_whole()
        shutil.rmtree(self.folder + "/restored")
        os.unlink(self.packs()[0])
        self.firebreak("repair", "index")
        self.firebreak("copy", *source, self.snapshot)
        self.assert_whole()
        self.assert_refused("copy", "--from-repo", self.repository, says="the same repository")
        os.symlink(self.repository, self.folder + "/alias")
        self.assert_refused("copy", "--from-repo", self.folder + "/alias",
                            says="the same repository")

    def test_nothing_is_damaged(self):
        before = self.packs()
        done = self.firebreak("repair", "packs", *self.from_other)
        self.assertIn("no pack is damaged", done.text)
        self.assertEqual(self.packs(), before)

    def test_without_another_repository_a_lost_blob_keeps_its_pack(self):
        pack = self.packs()[0]
        self.flip(pack)
        name = os.path.basename(pack)
        done = self.firebreak("repair", "packs", name, code=1)
        self.assertIn("--from-repo", done.errors)
        self.assertTrue(os.path.exists(pack))
        self.firebreak("repair", "packs", name, "--give-up-lost", code=1)
        self.assertFalse(os.path.exists(pack))
        self.firebreak("repair", "snapshots", "--forget")
        self.firebreak("check", "--read-data")
        self.restic("check", "--read-data")

    def test_refuses_what_is_no_pack(self):
        self.assert_refused("repair", "packs", "abc", says='pack "abc"')
        self.assert_refused("repair", "packs", "0" * 64, says="repair index")
        self.assert_refused("repair", "packs", "--no-lock", says="--no-lock")


if __name__ == "__main__":
    harness.main()
