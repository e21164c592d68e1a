"""key, unlock, copy and init's other options; restic opens what they leave."""

import json
import os
import re
import shutil
import subprocess

import harness


class Keys(harness.CommandTest):
    def setUp(self):
        super().setUp()
        self.second = self.folder + "/second"
        with open(self.second, "w") as file:
            file.write("second password\n")

    def keys(self, **options):
        return self.firebreak("key", "list", "--json", **options).documents[0]

    def test_add_list_remove(self):
        first, = self.keys()
        self.assertTrue(first["current"])
        done = self.firebreak("key", "add", "--new-password-file", self.second, "--user", "eve",
                              "--host", "h", "--json")
        added = done.documents[0]["id"]
        self.restic("check", environment={"RESTIC_PASSWORD": "second password"})
        named = next(key for key in self.keys() if key["id"] == added)
        self.assertEqual((named["userName"], named["hostName"], named["current"]),
                         ("eve", "h", False))
        theirs = json.loads(self.restic("key", "list", "--json").text)
        self.assertEqual({key["id"] for key in theirs}, {first["id"], added})
        self.assert_refused("key", "remove", first["id"][:12], says="stays")
        self.assert_refused("key", "remove", "zz", says="no key")
        self.firebreak("key", "remove", added, "--dry-run")
        self.assertEqual(len(self.keys()), 2)
        self.firebreak("key", "remove", added[:12])
        self.assertEqual(self.keys(), [first])
        self.assert_refused("snapshots", code=12, environment={
            "FIREBREAK_PASSWORD": "second password"})

    def test_passwd(self):
        old, = self.keys()
        self.firebreak("key", "passwd", environment={"FIREBREAK_NEW_PASSWORD": "new"})
        self.assert_refused("snapshots", code=12)
        self.restic("check", environment={"RESTIC_PASSWORD": "new"})
        new, = self.keys(environment={"FIREBREAK_PASSWORD": "new"})
        self.assertNotEqual(new["id"], old["id"])

    def test_new_passwords(self):
        self.firebreak("key", "add", "--new-password-command", f"cat {self.second}")
        self.assert_refused("key", "add", says="FIREBREAK_NEW_PASSWORD")
        open(self.folder + "/nothing", "w").close()
        self.assert_refused("key", "add", "--new-password-file", self.folder + "/nothing",
                            says="empty")
        self.assert_refused("key", says="one more word")
        self.assert_refused("key", "add", "--no-lock", says="--no-lock")


class Unlock(harness.CommandTest):
    def test_only_stale_locks_go(self):
        self.back_up_tree()
        reader, writer = os.pipe()
        with subprocess.Popen([harness.FIREBREAK, "-r", self.repository, "backup", "--stdin"],
                              stdin=reader, env=self.environment, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as holder:
            os.close(reader)
            try:
                while not os.listdir(self.repository + "/locks"):
                    self.assertIsNone(holder.poll())
                self.assert_refused("prune", code=11, says="firebreak unlock")
                self.assert_refused("forget", "--keep-last", "1", code=11)
                done = self.firebreak("unlock", "--json")
                self.assertEqual(done.documents[0]["locks_left"], 1)
                self.assertIn("in use", self.firebreak("unlock", "--dry-run").text)
            finally:
                holder.kill()
                os.close(writer)
        self.assertEqual(len(os.listdir(self.repository + "/locks")), 1)
        self.assertIn("stale", self.firebreak("unlock", "--dry-run").text)
        self.assertIn("removed 1", self.firebreak("unlock").text)
        self.restic("prune")

    def test_locks_that_cannot_be_read(self):
        with open(f"{self.repository}/locks/{'0' * 64}", "w") as file:
            file.write("nonsense that nobody can read, longer than a seal")
        self.assert_refused("unlock", says="--remove-all")
        self.firebreak("unlock", "--remove-all")
        self.assertEqual(os.listdir(self.repository + "/locks"), [])


class Copy(harness.CommandTest):
    def setUp(self):
        super().setUp()
        self.other = self.folder + "/other"
        secret = self.folder + "/other-password"
        with open(secret, "w") as file:
            file.write("other password\n")
        self.there = {"repository": self.other,
                      "environment": {"FIREBREAK_PASSWORD": "other password",
                                      "FIREBREAK_FROM_PASSWORD": harness.PASSWORD,
                                      "RESTIC_PASSWORD": "other password"}}
        self.source = ("--from-repo", self.repository)

    def test_copy(self):
        self.firebreak("init", *self.source, "--copy-chunker-params", **self.there)
        first = self.back_up_tree("--host", "a")
        second = self.back_up_tree("--host", "b", "--tag", "t")
        self.firebreak("copy", *self.source, "--host", "a", "--compression", "max", "--pack-size",
                       "8", **self.there)
        listed = json.loads(self.restic("snapshots", "--json", **self.there).text)
        self.assertEqual([one["original"] for one in listed], [first])
        done = self.firebreak("copy", *self.source, "--json", **self.there)
        kinds = [one["message_type"] for one in done.documents]
        self.assertEqual(kinds, ["skipped", "copied", "summary"])
        self.assertEqual(done.documents[1]["source_snapshot_id"], second)
        self.assertEqual(done.documents[2]["data_blobs"], 0)
        self.restic("check", "--read-data", **self.there)
        self.restic("copy", *self.source, "--from-password-command",
                    f"echo {harness.PASSWORD}", **self.there)
        listed = json.loads(self.restic("snapshots", "--json", **self.there).text)
        self.assertEqual(len(listed), 2)  # restic knows our copies
        self.restic("restore", "latest", "--target", self.folder + "/restored", **self.there)
        os.unlink(self.tree + "/socket")  # restic restores none
        self.assertEqual(harness.look_at(self.tree), harness.look_at(self.folder + "/restored"))

    def test_where_from(self):
        self.firebreak("init", **self.there)
        self.back_up_tree()
        self.assert_refused("copy", **self.there, says="--from-repo")
        self.assert_refused("copy", "--from-repo", "/nowhere", code=10, **self.there)
        self.there["environment"]["FIREBREAK_FROM_REPOSITORY"] = self.repository
        done = self.firebreak("copy", **self.there)
        self.assertIn("cut files at different places", done.errors)
        where = self.folder + "/where"
        with open(where, "w") as file:
            file.write(self.repository + "\n")
        key = os.listdir(self.repository + "/keys")[0]
        self.firebreak("copy", "--from-repository-file", where, "--from-key-hint", key,
                       "--from-password-command", f"echo '{harness.PASSWORD}'", **self.there)
        wrong = self.folder + "/other-password"
        self.assert_refused("copy", "--from-repo", self.repository, "--from-password-file", wrong,
                            code=12, **self.there)
        self.assert_refused("copy", *self.source, says="same repository", environment={
            "FIREBREAK_FROM_PASSWORD": harness.PASSWORD})
        self.restic("check", "--read-data", **self.there)

    def test_a_damaged_source(self):
        self.firebreak("init", **self.there)
        self.back_up_tree()
        os.unlink(self.packs()[-1])
        self.firebreak("copy", *self.source, code=1, **self.there)
        self.assertEqual(os.listdir(self.other + "/snapshots"), [])


class Init(harness.CommandTest):
    def test_options(self):
        other = self.folder + "/new"
        self.assert_refused("init", "--from-repo", self.repository, repository=other,
                            says="--copy-chunker-params")
        self.assert_refused("init", "--copy-chunker-params", repository=other, says="--from-repo")
        self.assert_refused("init", "--recovery-sheet", self.folder, repository=other,
                            says="exists")
        self.assert_refused("init", "--recovery-sheet", "/nowhere/sheet", repository=other,
                            says="no folder")
        self.assertFalse(os.path.exists(other))

    def test_the_sheet_brings_a_repository_back(self):
        self.repository = self.folder + "/it's new"
        sheet = self.folder + "/sheet.txt"
        self.firebreak("init", "--recovery-sheet", sheet)
        self.back_up_tree()
        self.assertEqual(os.stat(sheet).st_mode & 0o777, 0o600)
        with open(sheet) as file:
            text = file.read()
        self.assertNotIn(harness.PASSWORD, text)
        self.assertTrue(text.isascii())
        shutil.rmtree(self.repository + "/keys")
        os.unlink(self.repository + "/config")
        self.restic("snapshots", code=10)
        # What the sheet says, as somebody types it.
        one, two = text.split("2. ITS FILE")
        commands = re.findall(r"^    ((?:mkdir|sed|sha256sum) .*)$", two, re.MULTILINE)
        self.assertEqual(len(commands), 4)
        shutil.copy(sheet, self.repository)
        sums = self.run_program("sh", "-ec", "\n".join(commands), cwd=self.repository).text
        for line in sums.splitlines():
            self.assertIn("    " + line + "\n", two)
        self.restic("check", "--read-data")
        command = re.search(r"^    restic (.* restore latest --target) /restored$", one,
                            re.MULTILINE).group(1)
        self.run_program("sh", "-ec", f"{harness.RESTIC} --no-cache {command} restored")
        os.unlink(self.tree + "/socket")  # restic restores none
        self.assertEqual(harness.look_at(self.tree), harness.look_at(self.folder + "/restored"))

    def test_a_later_sheet(self):
        sheet = self.folder + "/sheet.txt"
        self.firebreak("key", "sheet", sheet)
        self.assert_refused("key", "sheet", sheet, says="exists")
        with open(sheet) as file:
            self.assertIn(os.listdir(self.repository + "/keys")[0], file.read())


if __name__ == "__main__":
    harness.main()
