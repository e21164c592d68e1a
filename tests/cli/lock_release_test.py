"""Ctrl-C where the lock cannot be removed: the command ends within seconds, and says that the lock
stays."""

import signal
import time

import harness
import rest_stand_in
import trouble

SECONDS_MAX = 15  # from Ctrl-C to the end; --retry-for is 15 minutes


class LockRelease(trouble.ServedTest):
    def setUp(self):
        super().setUp()
        with open(self.tree + "/new", "w") as file:
            file.write("new")

    def assert_ends(self, process, code):
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        done = self.end_of(process, code=code)
        self.assertLess(time.monotonic() - began, SECONDS_MAX)
        self.assertIn("the lock of this command stays, to be removed by firebreak unlock",
                      done.errors)
        self.server.heal()
        self.assertEqual(len(self.locks()), 1)
        self.firebreak("unlock")
        self.assert_sound()

    def test_of_an_interrupted_command(self):
        self.server.fail("POST", "/data/", rest_stand_in.Status(503), times=-1)
        self.server.fail("DELETE", "/locks/", rest_stand_in.Status(503), times=-1)
        process = self.start("backup", "tree", repository=self.server.location)
        self.read_until(process.stderr, b"trying again in")
        self.assert_ends(process, 130)

    def test_of_one_that_has_done_its_work(self):
        self.server.fail("DELETE", "/locks/", rest_stand_in.Status(503), times=-1)
        process = self.start("backup", "tree", repository=self.server.location)
        self.read_until(process.stderr, b"trying again in")
        self.assert_ends(process, 0)

    def test_from_a_server_that_is_silent(self):
        hold = self.server.fail("DELETE", "/locks/", rest_stand_in.Hold(), times=-1)
        process = self.start("backup", "tree", repository=self.server.location)
        self.assertTrue(hold.reached.wait(60))
        self.assert_ends(process, 0)

    def test_that_needs_a_second_try(self):
        self.server.fail("POST", "/data/", rest_stand_in.Status(503), times=-1)
        self.server.fail("DELETE", "/locks/", rest_stand_in.Status(503))
        process = self.start("backup", "tree", repository=self.server.location)
        self.read_until(process.stderr, b"trying again in")
        process.send_signal(signal.SIGINT)
        self.assertNotIn("stays", self.end_of(process, code=130).errors)
        self.assert_sound()


if __name__ == "__main__":
    harness.main()
