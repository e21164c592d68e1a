"""Repositories that lack what nobody removed on purpose."""

import os
import shutil

import harness
import trouble


class MissingFolders(trouble.TroubleTest):
    def drop_empty_folders(self):
        """As git, object stores and `rsync -m` do."""
        for where, folders, files in os.walk(self.repository, topdown=False):
            if not os.listdir(where):
                os.rmdir(where)

    def test_empty_ones(self):
        self.drop_empty_folders()
        self.assertFalse(os.path.exists(self.repository + "/locks"))
        for command in trouble.commands(self.folder + "/other"):
            if command[0] in ("backup", "copy"):  # of other data than theirs
                continue
            with self.subTest(command[0]):
                self.firebreak(*command)
                self.drop_empty_folders()
        os.mkdir(self.repository + "/locks")
        self.assert_sound()

    def test_a_repository_without_data(self):
        shutil.rmtree(self.repository)
        self.firebreak("init")
        self.drop_empty_folders()
        self.assertEqual(sorted(os.listdir(self.repository)), ["config", "keys"])
        self.firebreak("check")
        self.drop_empty_folders()
        self.firebreak("backup", "tree")
        self.assert_sound()


class MissingSnapshots(trouble.TroubleTest):
    """All of them, in the folder or with it."""

    def test_what_they_would_need_stays(self):
        for lose_folder in (False, True):
            shutil.rmtree(self.repository + "/snapshots")
            if not lose_folder:
                os.mkdir(self.repository + "/snapshots")
            before = self.stored()
            checked = self.firebreak("check")
            self.assertIn("hint: no snapshot uses any of", checked.text)
            self.assertNotIn("firebreak prune", checked.errors)
            for options in ([], ["--dry-run"]):
                self.assert_fails("prune", *options, says=[
                    "nothing was pruned", "no snapshot is left", "--unsafe-allow-remove-all"])
            self.assertEqual(self.stored(), before)

    def test_they_are_gone_on_purpose(self):
        self.firebreak("forget", self.snapshots()[0])
        self.firebreak("prune", "--unsafe-allow-remove-all", "--dry-run")
        self.assertNotEqual(self.packs(), [])
        self.firebreak("prune", "--unsafe-allow-remove-all")
        self.assertEqual(self.packs(), [])
        self.assertIn("nothing to prune", self.firebreak("prune").text)
        self.firebreak("backup", "-q", "tree")
        self.firebreak("forget", "--prune", self.snapshots()[0])
        self.assertEqual(self.packs(), [])
        self.assert_sound()


if __name__ == "__main__":
    harness.main()
