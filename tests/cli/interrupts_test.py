"""Ctrl-C once and twice, other ends of a process, and two processes at once. Commands are caught
midway by a stand-in server that keeps a chosen request, or by a pipe on standard input
that nobody closes."""

import hashlib
import os
import shutil
import signal
import subprocess
import time

import harness
import rest_stand_in
import trouble


class Interrupts(trouble.ServedTest):
    def setUp(self):
        super().setUp()
        with open(self.tree + "/new", "w") as file:
            file.write("new")

    def catch(self, method, path, *arguments, skip=0):
        """A command at a request that the server keeps."""
        hold = self.server.fail(method, path, rest_stand_in.Hold(), times=-1, skip=skip)
        process = self.start(*arguments, repository=self.server.location)
        if not hold.reached.wait(60):
            process.kill()
            self.fail(f"{arguments} never came to {method} {path}: {process.communicate()}")
        return process, hold

    def assert_interrupted(self, process, number=signal.SIGINT):
        process.send_signal(number)
        done = self.end_of(process, code=130)
        self.assertIn("stopping; Ctrl-C again ends at once", done.errors)
        last = done.errors.splitlines()[-1]
        self.assertTrue(last.startswith("firebreak: "), done.errors)
        self.server.heal()

    def test_backup(self):
        before = self.snapshots()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            process, _ = self.catch("POST", "/data/", "backup", "tree")
            self.assert_interrupted(process, number)
            self.assert_tidy()
        self.assertEqual(self.snapshots(), before)
        self.firebreak("backup", "tree")
        self.assertEqual(len(self.snapshots()), len(before) + 1)
        self.assert_sound()

    def test_a_backup_of_a_pipe_that_gives_nothing(self):
        before = self.snapshots()
        process = self.start("backup", "--stdin", stdin=subprocess.PIPE)
        process.stdin.write(b"half of it")
        process.stdin.flush()
        trouble.wait_until_read(process.stdin)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(60), 130)
        self.assertEqual(self.snapshots(), before)
        self.assert_tidy()

    def test_init(self):
        with rest_stand_in.RestStandIn(self.folder + "/new") as server:
            for path in ("/keys/", "/config"):
                hold = server.fail("POST", path, rest_stand_in.Hold())
                process = self.start("init", repository=server.location)
                self.assertTrue(hold.reached.wait(60))
                process.send_signal(signal.SIGINT)
                self.end_of(process, code=130)
                server.heal()
            self.firebreak("init", repository=server.location)
            self.firebreak("backup", "-q", "tree", repository=server.location)
        self.assert_sound(self.folder + "/new")

    def test_restore(self):
        process, _ = self.catch("GET", "/data/", "restore", "latest", "-t", "out")
        self.assert_interrupted(process)
        self.assert_tidy()
        self.firebreak("restore", "latest", "-t", "out")
        os.unlink(self.tree + "/new")
        self.assertEqual(set(harness.look_at(self.folder + "/out")),
                         set(harness.look_at(self.tree)))

    def test_check(self):
        before = self.stored()
        process, _ = self.catch("GET", "/data/", "check", "--read-data")
        self.assert_interrupted(process)
        self.assertEqual(self.stored(), before)
        self.firebreak("check", "--read-data")

    def test_copy(self):
        other = self.folder + "/other"
        self.firebreak("init", repository=other)
        shutil.rmtree(self.repository)
        shutil.copytree(other, self.repository)
        process, _ = self.catch("POST", "/data/", "copy", "--from-repo", self._pristine)
        self.assert_interrupted(process)
        self.assertEqual(self.snapshots(), [])
        self.assert_tidy()
        self.assert_tidy(self._pristine)
        self.firebreak("copy", "--from-repo", self._pristine)
        self.assertEqual(len(self.snapshots()), 1)
        self.assert_sound()

    def test_prune(self):
        # So many that whichever of the two open packs each goes to, one holds used and unused.
        for kind in ("kept", "dropped"):
            os.mkdir(f"{self.tree}/{kind}")
            for number in range(16):
                with open(f"{self.tree}/{kind}/{number}", "wb") as file:
                    file.write(os.urandom(100))
        for method, path in (("POST", "/data/"), ("POST", "/index/"), ("DELETE", "/index/"),
                             ("DELETE", "/data/")):
            shutil.rmtree(self.repository)
            shutil.copytree(self._pristine, self.repository)
            self.back_up("tree")
            self.back_up("tree/kept")
            self.firebreak("forget", "-q", "--group-by", "host", "--keep-last", "1")
            before = self.snapshots()
            process, _ = self.catch(method, path, "prune", "--max-unused", "0")
            self.assert_interrupted(process)
            self.assertEqual(self.snapshots(), before)
            self.assert_tidy()
            self.firebreak("check", "--read-data")
            self.firebreak("prune", "--max-unused", "0")
            self.assert_sound()

    def test_forget(self):
        self.back_up("tree")
        process, _ = self.catch("DELETE", "/snapshots/", "forget", "--group-by", "host",
                                "--keep-last", "1")
        self.assert_interrupted(process)
        self.assertEqual(len(self.snapshots()), 2)
        self.firebreak("forget", "--group-by", "host", "--keep-last", "1")
        self.assertEqual(len(self.snapshots()), 1)
        self.assert_sound()

    def test_while_it_waits_for_the_network(self):
        self.server.fail("POST", "/data/", rest_stand_in.Status(503), times=-1)
        process = self.start("backup", "tree", repository=self.server.location)
        self.read_until(process.stderr, b"trying again in")
        self.assert_interrupted(process)
        self.assert_sound()

    def test_twice(self):
        process, _ = self.catch("POST|DELETE", "/data/|/locks/[0-9a-f]", "backup", "tree", skip=1)
        process.send_signal(signal.SIGINT)
        self.read_until(process.stderr, b"Ctrl-C again ends at once")
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        done = self.end_of(process, code=130)
        self.assertLess(time.monotonic() - began, 5)
        self.assertIn("`firebreak unlock` removes it", done.errors)
        self.server.heal()
        self.assertEqual(len(self.locks()), 1)
        self.firebreak("unlock")
        self.assertEqual(self.locks(), [])
        self.firebreak("backup", "tree")
        self.assert_sound()

    def test_twice_in_every_command(self):
        source = self.other_with_data()
        os.mkdir(self.tree + "/dropped")
        for number in range(16):  # so many that both open packs hold some of them
            with open(f"{self.tree}/dropped/{number}", "wb") as file:
                file.write(os.urandom(100))
        self.back_up("tree")
        shutil.rmtree(self.tree + "/dropped")
        self.back_up("tree")
        for method, path, *command in (
                ("GET", "/data/", "restore", "latest", "-t", "out"),
                ("GET", "/data/", "check", "--read-data"),
                ("GET", "/data/", "dump", "latest", "/tree/big"),
                ("POST", "/data/", "copy", "--from-repo", source),
                ("DELETE", "/snapshots/", "forget", "--group-by", "host", "--keep-last", "1"),
                ("POST", "/snapshots/", "tag", "--add", "x"),
                ("POST", "/index/", "repair", "index"),
                ("POST|DELETE", "/data/|/index/", "prune", "--max-unused", "0")):
            with self.subTest(command[0]):
                if command[0] == "repair":  # what an earlier one left is not what it is to find
                    shutil.rmtree(self.repository + "/index")
                    os.mkdir(self.repository + "/index")
                if command[0] == "prune":
                    self.firebreak("forget", "-q", "--group-by", "host", "--keep-last", "1")
                process, _ = self.catch(method, path, *command)
                process.send_signal(signal.SIGINT)
                self.read_until(process.stderr, b"Ctrl-C again ends at once")
                began = time.monotonic()
                process.send_signal(signal.SIGINT)
                self.end_of(process, code=130)
                self.assertLess(time.monotonic() - began, 5)
                self.server.heal()
                for name in os.listdir(self.folder):
                    if name.startswith("firebreak-"):  # the cache that `check` makes anew
                        self.assertEqual(command[0], "check")
                        shutil.rmtree(f"{self.folder}/{name}")
                self.firebreak("unlock")
                if command[0] == "repair":
                    self.firebreak("repair", "index")
                self.firebreak("check", "--read-data")
                self.assert_sound()
        for command in (["copy", "--from-repo", source], ["prune"]):
            self.firebreak(*command)
        self.assert_sound()

    def other_with_data(self):
        """A repository of other keys with a snapshot of what is not in the test's."""
        source = self.folder + "/source"
        self.firebreak("init", repository=source)
        self.firebreak("backup", "-q", self.tree + "/new", repository=source)
        with open(self.folder + "/more", "wb") as file:
            file.write(os.urandom(100_000))
        self.firebreak("backup", "-q", self.folder + "/more", repository=source)
        return source

    def test_killed(self):
        process, _ = self.catch("POST", "/data/", "backup", "tree")
        process.kill()
        process.wait()
        self.server.heal()
        self.assertEqual(len(self.locks()), 1)
        self.firebreak("backup", "tree")  # beside the dead one
        self.assert_fails("prune", code=11, says="firebreak unlock")
        self.firebreak("unlock")
        self.firebreak("prune")
        self.assert_sound()


class Pipes(trouble.TroubleTest):
    def test_a_reader_that_leaves(self):
        for number in range(3000):
            with open(f"{self.tree}/a-file-with-a-rather-long-name-{number}", "w"):
                pass
        self.firebreak("backup", "-q", "tree")
        process = self.start("ls", "latest")
        self.assertTrue(process.stdout.readline())
        process.stdout.close()
        process.stdout = None
        errors = process.stderr.read().decode()
        self.assertEqual(process.wait(60), 1)
        self.assertLessEqual(len(errors.splitlines()), 2)
        self.assertIn("standard output: write: Broken pipe", errors)
        self.assert_tidy()

    def test_nobody_reads_at_all(self):
        reader, writer = os.pipe()
        os.close(reader)
        for command in (["snapshots"], ["dump", "latest", "/big"], ["check"]):
            done = self.end_of(self.start("-q", *command, stdout=writer), code=1)
            self.assert_one_line(done, "standard output: write: Broken pipe")
        os.close(writer)
        self.assert_sound()

    def closed(self, streams, *arguments):
        """A command without these standard streams."""
        return subprocess.Popen(
            ["sh", "-c", f'exec "$0" "$@" {streams}', harness.FIREBREAK, "-r", self.repository,
             *arguments], env=self.environment, cwd=self.folder,
            preexec_fn=harness._die_with_parent, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def test_no_file_takes_the_place_of_a_closed_stream(self):
        with rest_stand_in.RestStandIn(self.repository) as server:
            hold = server.fail("GET", "/index/", rest_stand_in.Hold())
            self.repository = server.location
            process = self.closed("<&- >&- 2>&-", "--json", "backup", "tree")
            self.addCleanup(self._end, process)
            self.assertTrue(hold.reached.wait(60))
            for stream in (0, 1, 2):
                self.assertEqual(os.readlink(f"/proc/{process.pid}/fd/{stream}"), "/dev/null")
            hold.released.set()
            self.end_of(process, code=1)  # its report is lost

    def test_a_closed_stream_is_no_empty_one(self):
        before = self.snapshots()
        for streams, *command in (("<&-", "backup", "--stdin"), (">&-", "dump", "latest", "/plain"),
                                  (">&-", "snapshots"), ("<&- >&-", "ls", "latest")):
            process = self.closed(streams, *command)
            self.addCleanup(self._end, process)
            done = self.end_of(process, code=1)
            self.assertIn("Bad file descriptor", done.errors)
            self.assertEqual(self.snapshots(), before)


class TwoAtOnce(trouble.TroubleTest):
    def begin_backup(self):
        """One that holds its lock and waits for its standard input."""
        process = self.start("backup", "--stdin", stdin=subprocess.PIPE)
        # Its packs are written only at the end, so that the lock is what shows.
        self.wait_until(lambda: self.locks())
        return process

    def wait_until(self, happened):
        end = time.monotonic() + 60
        while not happened():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)

    def test_two_backups(self):
        before = len(self.snapshots())
        first = self.begin_backup()
        self.firebreak("backup", "tree")
        first.stdin.write(b"from the pipe\n")
        self.end_of(first)
        self.assertEqual(len(self.snapshots()), before + 2)
        self.assert_sound()
        self.assertEqual(self.firebreak("dump", "--path", "/stdin", "latest", "/stdin").out,
                         b"from the pipe\n")

    def test_nothing_is_removed_during_a_backup(self):
        first = self.begin_backup()
        for command in (["prune"], ["forget", "--keep-last", "1"], ["repair", "index"],
                        ["tag", "--add", "x"], ["check"]):
            self.assert_fails(*command, code=11, says=["locked for reading or writing",
                                                       "that process is running"])
        self.firebreak("snapshots")
        self.assertIn("removed 0 locks", self.firebreak("unlock").text)
        self.end_of(first)
        self.firebreak("prune")
        self.assert_sound()

    def test_waits_for_a_prune(self):
        self.back_up("tree/plain")
        self.firebreak("forget", "-q", "--group-by", "host", "--keep-last", "1")
        with rest_stand_in.RestStandIn(self.repository) as server:
            hold = server.fail("DELETE", "/data/", rest_stand_in.Hold())
            prune = self.start("prune", "--max-unused", "0", repository=server.location)
            self.assertTrue(hold.reached.wait(60))
            before = self.snapshots()
            self.assert_fails("backup", "tree", code=11, says="locked exclusively")
            self.assert_fails("snapshots", code=11, says="locked exclusively")
            self.assertEqual(self.snapshots(), before)
            waiting = self.start("-q", "backup", "--retry-lock", "1m", "tree")
            hold.released.set()
            self.end_of(prune)
            self.end_of(waiting)
        self.assertEqual(len(self.snapshots()), len(before) + 1)
        self.assert_sound()


class Clocks(trouble.TroubleTest):
    def lock(self, seconds, host="elsewhere", exclusive="true"):
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))
        plain = (f'{{"time":"{when}","exclusive":{exclusive},"hostname":"{host}",'
                 '"username":"\\u001b[31mroot","pid":1}').encode()
        sealed = self.seal(plain)
        with open(f"{self.repository}/locks/{hashlib.sha256(sealed).hexdigest()}", "wb") as file:
            file.write(sealed)

    def test_a_lock_from_the_future(self):
        self.lock(7200)
        before = self.stored()
        for command in (["backup", "tree"], ["snapshots"], ["prune"]):
            self.assert_fails(*command, code=11,
                              says=["@elsewhere", "s ahead of this machine's clock",
                                    "firebreak unlock --remove-all"])
        self.assertIn("removed 0 locks, 1 left", self.firebreak("unlock").text)
        self.assertEqual(self.stored(), before)
        self.firebreak("unlock", "--remove-all")
        self.firebreak("backup", "tree")
        self.assert_sound()

    def test_an_old_lock(self):
        self.lock(-7200)
        done = self.assert_fails("backup", "tree", code=11, says="firebreak unlock")
        self.assertNotIn("ahead", done.errors)
        self.assertIn("removed 1 lock, 0 left", self.firebreak("unlock").text)
        self.firebreak("backup", "tree")
        self.assert_sound()

    def test_a_damaged_lock(self):
        with open(self.repository + "/locks/" + "a" * 64, "w") as file:
            file.write("\x1b[31m")
        before = self.stored()
        for command in (["backup", "tree"], ["snapshots"], ["prune"]):
            self.assert_fails(*command, says=["locks/aaaaaaaa", "firebreak unlock --remove-all"])
        self.assert_fails("unlock", says="--remove-all")
        self.assertEqual(self.stored(), before)
        self.firebreak("unlock", "--remove-all")
        self.firebreak("backup", "tree")
        self.assert_sound()


if __name__ == "__main__":
    harness.main()
