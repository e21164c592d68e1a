"""Bad passwords, places that are no repository, damaged and newer ones, and what may not be
written or read: what the user is told, how the program ends, what is there afterwards."""

import os
import shutil
import subprocess

import harness
import trouble

WRONG = "hunter2-is-wrong"


class Passwords(trouble.TroubleTest):
    def test_wrong_password(self):
        """And once it is right, the same command works."""
        shutil.copytree(self.repository, self.folder + "/other")
        for command in trouble.commands(self.folder + "/other"):
            before = self.stored()
            self.assert_fails(*command, code=12, environment={"FIREBREAK_PASSWORD": WRONG},
                              says=[self.repository, "wrong password"])
            self.assertEqual(self.stored(), before, command)
            self.assertFalse(os.path.exists(self.folder + "/out"))
        self.firebreak("backup", "tree")
        self.assert_sound()

    def test_wrong_password_of_a_source(self):
        other = self.folder + "/other"
        shutil.copytree(self.repository, other)
        before = self.stored()
        self.assert_fails("copy", "--from-repo", other, code=12, says=[other, "wrong password"],
                          environment={"FIREBREAK_FROM_PASSWORD": WRONG})
        self.assertEqual(self.stored(), before)
        self.assert_tidy(other)

    def sources(self):
        """(options, environment, what is said) of passwords that are none."""
        for name, content in (("two", "a\nb\n"), ("empty", ""), ("blank", " \t\r\n")):
            with open(f"{self.folder}/{name}", "w") as file:
                file.write(content)
        none = {"FIREBREAK_PASSWORD": ""}
        return (
            ([], none, "--password-file"),
            (["-p", "/no/such"], {}, "/no/such"),
            (["-p", self.folder], {}, self.folder),
            (["-p", "empty"], {}, "is empty"),
            (["-p", "blank"], {}, "is empty"),
            ([], none | {"FIREBREAK_PASSWORD_FILE": "/no/such"}, "/no/such"),
            (["--password-command", "false"], {},
             'password command: "false" failed with exit code 1'),
            (["--password-command", "true"], {}, "is empty"),
            (["--password-command", "sh -c 'kill -9 $$'"], {},
             'password command: "sh" failed: killed by signal 9'),
            (["--password-command", "/no/such a"], {}, "password command: run /no/such"),
            (["--password-command", "'open"], {}, "a quote is not closed"),
            (["--password-command", ""], none, "--password-file"),
            ([], none | {"FIREBREAK_PASSWORD_COMMAND": "false"}, "failed"),
            (["-p", "two", "--password-command", "true"], {}, "not both"),
        )

    def test_no_password(self):
        before = self.stored()
        for options, environment, says in self.sources():
            for command in (["snapshots"], ["backup", "tree"]):
                self.assert_fails(*command, *options, environment=environment, says=says)
        self.assertEqual(self.stored(), before)

    def test_no_password_for_a_new_repository(self):
        for options, environment, says in self.sources():
            self.assert_fails("init", *options, environment=environment, says=says,
                              repository="new")
            self.assertFalse(os.path.exists(self.folder + "/new"), options)
        for options, environment, says in (
                (["-p", "two"], {}, "more than one line"),
                (["-p", "missing"], {}, "write the new password into it first"),
                ([], {"FIREBREAK_PASSWORD": " blank around "}, "white space")):
            self.assert_fails("init", *options, environment=environment, says=says,
                              repository="new")
            self.assertFalse(os.path.exists(self.folder + "/new"), options)
        self.firebreak("init", repository="new")

    def test_the_same_file_opens_in_restic(self):
        """Whoever made the repository with it."""
        for number, content in enumerate((b"word", b"  a b\t\r\n\n", b"two\r\nlines\n",
                                          b"\xef\xbb\xbfword", "a b\n".encode("utf-16"),
                                          "\u00a0word\u3000\n".encode(), b"\xffword\xfe\n")):
            with open(f"{self.folder}/password", "wb") as file:
                file.write(content)
            place = f"{self.folder}/{number}"
            self.restic("init", "--password-file", "password", repository=place)
            self.firebreak("snapshots", "-p", "password", repository=place)
            if b"lines" in content:
                continue
            shutil.rmtree(place)
            self.firebreak("init", "-p", "password", repository=place)
            self.restic("snapshots", "--password-file", "password", repository=place)

    def test_the_options_that_are_missing_are_named(self):
        none = {"FIREBREAK_PASSWORD": "", "FIREBREAK_FROM_PASSWORD": ""}
        for command, option in ((["key", "add"], "--new-password-file"),
                                (["key", "passwd"], "--new-password-file"),
                                (["copy", "--from-repo", self._pristine], "--from-password-file")):
            self.assert_fails(*command, says=option,
                              environment=none | {"FIREBREAK_PASSWORD": harness.PASSWORD})
        self.assert_fails("snapshots", says=" --password-file", environment=none)

    def test_json_says_the_same(self):
        done = self.firebreak("--json", "snapshots", code=12,
                              environment={"FIREBREAK_PASSWORD": WRONG})
        self.assertEqual(done.out, b"")
        error, = done.error_documents
        self.assertEqual((error["message_type"], error["code"]), ("exit_error", 12))
        self.assertIn("wrong password", error["message"])


class Words(trouble.TroubleTest):
    """What nobody meant to type."""

    def test_what_is_not_expected(self):
        for arguments, says in (
                (["backup", "tree", "--pack-size", "-5"], "--pack-size = -5 is no whole number"),
                (["snapshots", "--latest", "99999999999999"], "--latest = 99999999999999 is no"),
                (["snapshots", "--limit-upload", "-1"], '--limit-upload: "-1" is no whole number'),
                (["snapshots", "--limit-upload", "99999999999999999"], "--limit-upload"),
                (["backup", "-rf", "tree"], "--repo: given more than once"),
                (["version", "b", "a", "c d"], "not expected: b a c d"),
                (["snapshots", "-qz"], "not expected: -z"),
                (["snapshots", "--nope=3"], "not expected: --nope=3"),
                (["snapshots", "--json=maybe"], "--json = maybe: it takes no value"),
                (["backup", "--force=maybe", "tree"], "--force = maybe: it takes no value"),
                (["snapshots", "-p"], "--password-file: its value is missing"),
                (["bakup"], "did you mean backup?"),
                (["ls"], "SNAPSHOT is required"),
                (["key"], "needs one more word")):
            done = self.assert_fails(*arguments, says=says)
            self.assertNotIn("TEXT", done.errors)
        self.assertEqual(len(self.snapshots()), 1)

    def test_help(self):
        for arguments, usage in (([], "firebreak"), (["backup"], "firebreak backup"),
                                 (["key", "add"], "firebreak key add")):
            self.assertIn(f"Usage: {usage} [OPTIONS]", self.firebreak(*arguments, "--help").text)
        self.assertEqual(self.firebreak("--version").text.split()[0], "firebreak")
        with open("/dev/full", "wb") as full:
            for arguments in (["--help"], ["backup", "--help"], ["--version"], ["version"]):
                done = self.end_of(self.start(*arguments, stdout=full), code=1)
                self.assertIn("No space left on device", done.errors)


class Places(trouble.TroubleTest):
    def test_no_repository(self):
        os.makedirs(self.folder + "/empty")
        os.makedirs(self.folder + "/folder/of")
        with open(self.folder + "/folder/of/things", "w") as file:
            file.write("x")
        before = harness.look_at(self.folder)
        for place in ("missing", "empty", "folder"):
            for command in trouble.commands(self._pristine):
                self.assert_fails(*command, repository=place, code=10,
                                  says=[place, f"firebreak init -r {place}"])
        self.assertEqual(harness.look_at(self.folder), before)
        for command in trouble.commands(self.folder + "/missing"):
            if command[0] == "copy":
                done = self.assert_fails(*command, code=10, says="/missing holds no repository")
                self.assertNotIn("init", done.errors)
        self.assert_tidy(self._pristine)

    def test_a_file_is_no_repository(self):
        before = harness.look_at(self.folder)
        place = "tree/plain"
        for command in trouble.commands(self.folder + "/tree/plain"):
            self.assert_fails(*command, repository=place, code=10, says="is a file")
        self.assert_fails("init", repository=place, says=[place, "Not a directory"])
        self.assertEqual(harness.look_at(self.folder), before)

    def test_names_with_control_bytes(self):
        self.assert_fails("snapshots", repository="no\x1b[31mred\nline", says="control character")
        self.assert_fails("snapshots", "-p", "\x1b[31m", says="No such file")
        self.assert_fails("restore", "latest:\x1b[31m", "-t", "out")
        self.assert_fails("backup", "no\x1b[31m\n", code=1)

    def test_no_way_to_say_where(self):
        for place in ("s3:", "gs:", "rest:", "rest:ftp://x/", "gs:bucket", "s3:https://host"):
            done = self.assert_fails("snapshots", repository=place)
            self.assertNotIn("holds no repository", done.errors)

    def test_init_where_there_is_one(self):
        before = self.stored()
        self.assert_fails("init", says=[self.repository, "nothing was changed"])
        self.assertEqual(self.stored(), before)


class Damage(trouble.TroubleTest):
    def replace(self, name, content):
        path = f"{self.repository}/{name}"
        os.chmod(path, 0o600)
        with open(path, "wb") as file:
            file.write(content)

    def read(self, name):
        with open(f"{self.repository}/{name}", "rb") as file:
            return file.read()

    def assert_all_fail(self, code=1, says=()):
        before = self.stored()
        for command in trouble.commands(self._pristine):
            self.assert_fails(*command, code=code, says=says)
        self.assertEqual(self.stored(), before)

    def test_newer_format(self):
        sound = self.read("config")
        self.replace("config", self.seal(b'{"version":3,"id":"' + b"a" * 64 +
                                         b'","chunker_polynomial":"3da3358b4dc173"}'))
        self.assert_all_fail(says=[self.repository, "version 3", "use a newer"])
        self.assert_fails("init", says="holds a repository already")
        self.replace("config", sound)
        self.firebreak("backup", "tree")
        self.assert_sound()

    def test_damaged_config(self):
        sound = self.read("config")
        for damaged in (sound[:-1], b"", sound[:40] + bytes([sound[40] ^ 1]) + sound[41:],
                        self.seal(b"[]"), self.seal(b'{"version":2}'), self.seal(b"\x1b[31m"),
                        self.seal(b'{"version":2,"id":"' + b"a" * 64 +
                                  b'","chunker_polynomial":"4"}')):
            self.replace("config", damaged)
            before = self.stored()
            for command in (["snapshots"], ["backup", "tree"], ["prune"]):
                self.assert_fails(*command, says=[self.repository, "config", "recovery sheet"])
            self.assertEqual(self.stored(), before)
        self.replace("config", sound)
        self.firebreak("backup", "tree")
        self.assert_sound()

    def test_lost_config(self):
        """Is not taken for a place without repository: who then makes one there loses the data."""
        os.unlink(self.repository + "/config")
        before = self.stored()
        for command in trouble.commands(self._pristine):
            self.assert_fails(*command, code=1, says=["config is lost", "recovery sheet",
                                                      "firebreak init --for-lost-config"])
        self.assert_fails("init", says=["config is lost", "recovery sheet"])
        self.assert_fails("init", "--for-lost-config", environment={"FIREBREAK_PASSWORD": WRONG})
        self.assertEqual(self.stored(), before)
        keys = self.folder + "/keys"
        os.rename(self.repository + "/keys", keys)
        self.assert_fails("init", "--for-lost-config", says="recovery sheet")
        self.assertFalse(os.path.exists(self.repository + "/config"))
        shutil.rmtree(self.repository + "/keys", ignore_errors=True)
        os.rename(keys, self.repository + "/keys")
        self.firebreak("init", "--for-lost-config")
        self.restic("restore", "latest", "--target", self.folder + "/out")
        self.assertEqual(harness.look_at(self.folder + "/out").keys(),
                         harness.look_at(self.tree).keys())
        self.firebreak("backup", "tree")
        self.assert_sound()
        self.assert_fails("init", "--for-lost-config", says="holds a repository already")

    def test_lost_config_of_anybodys_repository(self):
        """Of version 1, with a password that init would not take; where there is none, none is
        begun."""
        with open(self.folder + "/password", "w") as file:
            file.write("two\nlines\n")
        place = self.folder + "/theirs"
        password = ("--password-file", "password")
        self.restic("init", "--repository-version", "1", *password, repository=place)
        self.restic("backup", "tree", *password, repository=place)
        os.unlink(place + "/config")
        self.firebreak("init", "--for-lost-config", *password, repository=place)
        self.restic("check", "--read-data", *password, repository=place)
        self.restic("restore", "latest", "--target", "out", *password, repository=place)
        self.assertEqual(harness.look_at(self.folder + "/out/tree"), harness.look_at(self.tree))
        self.assert_fails("init", "--for-lost-config", repository="missing", says="missing")
        self.assertFalse(os.path.exists(self.folder + "/missing"))

    def test_damaged_key(self):
        key, = os.listdir(self.repository + "/keys")
        sound = self.read("keys/" + key)
        for damaged in (b"", sound[:-20], b"[]", b"\x1b[31m", sound.replace(b'"N":', b'"N":9')):
            self.replace("keys/" + key, damaged)
            before = self.stored()
            for command in (["snapshots"], ["backup", "tree"], ["key", "list"]):
                self.assert_fails(*command, says=[self.repository, key[:8], "recovery sheet"])
            self.assertEqual(self.stored(), before)
        self.replace("keys/" + key, sound)
        # Beside a key that opens, a damaged one is no trouble.
        with open(self.repository + "/keys/" + "0" * 64, "wb") as file:
            file.write(b"{}")
        self.firebreak("snapshots")

    def test_a_damaged_snapshot(self):
        """Is named, and what needs it not goes on."""
        self.firebreak("backup", "-q", "tree")
        damaged, sound = self.snapshots()
        content = self.read("snapshots/" + damaged)
        self.replace("snapshots/" + damaged, content[:-1])
        done = self.firebreak("snapshots", code=1)
        self.assertIn(sound[:8], done.text)
        self.assertIn("snapshot " + damaged[:8], done.errors)
        shown, = self.firebreak("snapshots", "--json", code=1).documents[0]
        self.assertEqual(shown["id"], sound)
        for options in ([], ["--force"], ["--dry-run"]):
            done = self.firebreak("backup", "tree", *options)
            self.assertIn(f"snapshot {damaged[:8]}", done.errors)
            self.assertIn("firebreak check", done.errors)
        done = self.firebreak("tag", "--add", "x", code=1)
        self.assertIn("changed 3 snapshots", done.text)
        self.assertIn(damaged[:8], done.errors)
        self.firebreak("init", repository="copies")
        done = self.firebreak("copy", "--from-repo", self.repository, repository="copies", code=1)
        self.assertIn("copied 3 snapshots", done.text)
        self.assertIn(damaged[:8], done.errors)
        self.assert_fails("prune", says=[damaged[:8], "firebreak check"])
        self.replace("snapshots/" + damaged, content)
        self.assert_sound()

    def test_no_keys(self):
        os.rename(self.repository + "/keys", self.folder + "/keys")
        for there in (False, True):
            if there:
                os.mkdir(self.repository + "/keys")
            self.assert_all_fail(says=[self.repository, "no keys", "recovery sheet"])
        os.rmdir(self.repository + "/keys")
        os.rename(self.folder + "/keys", self.repository + "/keys")
        self.firebreak("backup", "tree")
        self.assert_sound()


class Permissions(trouble.TroubleTest):
    def read_only(self):
        subprocess.run(["chmod", "-R", "a=rX", self.repository], check=True)

    def test_read_only_repository(self):
        self.read_only()
        before = self.stored()
        for command in trouble.commands(self._pristine):
            if command[0] in ("copy", "key", "unlock"):
                continue
            done = self.as_nobody("-q", *command, code=1)
            self.assert_one_line(done, self.repository, "Permission denied")
            reads = command[0] in ("check", "diff", "dump", "find", "ls", "restore", "snapshots",
                                   "stats")
            self.assertEqual("--no-lock" in done.errors, reads, command)
            self.assertEqual("whose repository it is" in done.errors, not reads, command)
        self.assertEqual(self.stored(), before)

    def test_reads_without_a_lock(self):
        self.read_only()
        before = self.stored()
        for command in trouble.commands(self._pristine):
            if command[0] in ("check", "diff", "dump", "find", "ls", "snapshots", "stats"):
                self.as_nobody("--no-lock", *command)
        target = self.folder + "/scratch/out"
        self.as_nobody("--no-lock", "restore", "latest", "-t", target)
        self.assertEqual(set(harness.look_at(target)), set(harness.look_at(self.tree)))
        for command in (["backup", "tree"], ["prune"], ["forget", "--keep-last", "1"],
                        ["tag", "--add", "x"]):
            self.assert_one_line(self.as_nobody("-q", "--no-lock", *command, code=1), "--no-lock")
        self.assertEqual(self.stored(), before)

    def test_unreadable_repository(self):
        os.chmod(self.repository, 0o700)
        before = self.stored()
        for command in (["snapshots"], ["backup", "tree"], ["init"]):
            done = self.as_nobody("-q", *command, code=1)
            self.assert_one_line(done, self.repository, "Permission denied")
            self.assertEqual("whose repository it is" in done.errors, command != ["init"])
        self.assertEqual(self.stored(), before)

    def test_read_only_target(self):
        subprocess.run(["chmod", "-R", "a+rwX", self.repository], check=True)
        os.mkdir(self.folder + "/closed", 0o755)
        done = self.as_nobody("-q", "restore", "latest", "-t", self.folder + "/closed/out", code=1)
        self.assert_one_line(done, "closed/out", "Permission denied")
        done = self.as_nobody("-q", "restore", "latest", "-t", self.folder + "/closed", code=1)
        self.assertIn("/plain: ", done.errors)
        self.assertIn("Permission denied", done.errors)
        done = self.as_nobody("-q", "dump", "latest", "/plain", "--target",
                              self.folder + "/closed/plain", code=1)
        self.assert_one_line(done, "closed/plain", "Permission denied")
        self.assertEqual(os.listdir(self.folder + "/closed"), [])
        self.assert_tidy()
        self.as_nobody("restore", "latest", "-t", self.folder + "/scratch/out")

    def test_a_pack_that_may_not_be_read_is_no_damage(self):
        subprocess.run(["chmod", "-R", "a+rwX", self.repository], check=True)
        pack = self.packs()[0]
        os.chmod(pack, 0)
        if os.geteuid() == 0:
            os.chown(pack, 0, 0)
        done = self.as_nobody("check", "--read-data", code=1)
        self.assertIn("not read: ", done.text)
        self.assertNotIn("damage: ", done.text)
        self.assertIn("who may read the files", done.errors)
        self.assertNotIn("repair packs", done.errors)
        read = self.as_nobody("check", "--read-data", "--json", code=1).documents[-1]
        self.assertEqual(read["packs_read"], len(self.packs()) - 1)
        self.assertFalse(read["suggest_repair_packs"])
        done = self.as_nobody("-q", "repair", "packs", code=1)
        self.assertIn("not read: ", done.text)
        self.assert_one_line(done, "nothing was changed: 1 pack could not be read")
        # What is relied on is read, and which pack holds it is a matter of chance.
        for other in self.packs():
            os.chmod(other, 0)
            if os.geteuid() == 0:
                os.chown(other, 0, 0)
        self.as_nobody("-q", "backup", "--force", ".", cwd=self.tree, code=1)
        for other in self.packs():
            os.chmod(other, 0o444)
        self.as_nobody("check", "--read-data")

    def test_a_folder_that_may_not_be_written(self):
        os.mkdir(self.folder + "/closed", 0o755)
        done = self.as_nobody("-q", "init", repository=self.folder + "/closed/new", code=1)
        self.assert_one_line(done, "closed", "Permission denied; run this as a user who may")

    def test_unreadable_source(self):
        subprocess.run(["chmod", "-R", "a+rwX", self.repository], check=True)
        os.chmod(self.tree + "/plain", 0)
        if os.geteuid() == 0:
            os.chown(self.tree + "/plain", 0, 0)
        before = len(self.snapshots())
        done = self.as_nobody("-q", "backup", ".", cwd=self.tree, code=3)
        named, summed = done.errors.splitlines()
        self.assertIn("/plain: ", named)
        self.assertIn("Permission denied", named)
        self.assertIn("not in the snapshot, or not whole: 1 source", summed)
        self.assertEqual(len(self.snapshots()), before + 1)
        self.assert_sound()
        self.firebreak("restore", "latest", "-t", "out")
        restored = harness.look_at(self.folder + "/out")
        whole = harness.look_at(self.tree)
        del whole["plain"]
        self.assertEqual(restored, whole)
        done = self.as_nobody("--json", "backup", ".", cwd=self.tree, code=3)
        self.assertEqual([one["item"] for one in done.error_documents if "item" in one],
                         ["./plain"])
        os.chmod(self.tree + "/plain", 0o644)
        self.as_nobody("-q", "backup", ".", cwd=self.tree)

    def test_no_source_at_all(self):
        before = self.stored()
        self.assert_fails("backup", "/no/such", says="/no/such")
        self.assertEqual(self.stored(), before)
        self.assert_fails("backup", "--files-from", "/no/such", says="/no/such")
        done = self.firebreak("-q", "backup", "tree", "/no/such", code=3)
        self.assertIn("/no: ", done.errors)
        self.assert_tidy()


if __name__ == "__main__":
    harness.main()
