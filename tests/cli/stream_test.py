"""Backups of what another program prints: all of it, or no snapshot."""

import os
import signal
import time

import harness
import trouble


class FromCommand(trouble.TroubleTest):
    def backup(self, *command, code=0, options=()):
        return self.firebreak("backup", *options, "--stdin-from-command", "--", *command, code=code)

    def test_its_bytes_are_the_file(self):
        self.backup("sh", "-c", 'printf "%s-" "$@"; head -c 3000000 /dev/zero', "sh", "a b", "--x",
                    options=["--stdin-filename", "shop.sql"])
        self.assertEqual(self.restic("dump", "latest", "/shop.sql").out,
                         b"a b---x-" + bytes(3_000_000))
        self.assert_sound()

    def test_a_failure_makes_no_snapshot(self):
        before = self.snapshots()
        for command, says in ((["sh", "-c", "echo half; exit 3"], "exit code 3"),
                              (["sh", "-c", "echo half; kill -9 $$"], "signal 9"),
                              (["/no/such", "program"], "/no/such")):
            done = self.backup(*command, code=1)
            self.assertIn("no snapshot was made", done.errors)
            self.assertIn(says, done.errors)
            self.assertEqual(self.snapshots(), before)
            self.assert_tidy()
        self.firebreak("prune")
        self.assert_sound()

    def test_a_lost_reader_ends_it_as_in_a_shell(self):
        self.backup("grep", "SigIgn", "/proc/self/status")
        ignored = int(self.firebreak("dump", "latest", "/stdin").text.split()[1], 16)
        self.assertEqual(ignored & 1 << (signal.SIGPIPE - 1), 0)

    def test_ends_with_the_backup(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            process = self.start("backup", "--stdin-from-command", "--", "sh", "-c",
                                 "echo $$ > child; exec sleep 1000")
            child = self.read_when_there(self.folder + "/child")
            process.send_signal(number)
            self.end_of(process, code=130)
            self.assertFalse(os.path.exists(f"/proc/{child}"))
            os.unlink(self.folder + "/child")
        self.assert_tidy()

    @staticmethod
    def read_when_there(path):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                with open(path) as file:
                    text = file.read()
                if text.endswith("\n"):
                    return int(text)
            except FileNotFoundError:
                pass
            time.sleep(0.01)
        raise AssertionError(f"no {path}")

    def test_what_is_asked_for_is_one_thing(self):
        for arguments in (["--stdin-from-command"], ["--stdin", "--stdin-from-command", "true"],
                          ["--stdin", "tree"],
                          ["--stdin-from-command", "--files-from", "tree/plain", "true"]):
            self.assert_fails("backup", *arguments)
        self.assert_fails("backup", "", says='named ""')
        with open(self.folder + "/list", "w"):
            pass
        for option in ("--files-from", "--files-from-verbatim", "--files-from-raw"):
            self.assert_fails("backup", option, "list", says="the lists name no path")


if __name__ == "__main__":
    harness.main()
