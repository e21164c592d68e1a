"""A server that takes a request and never answers: firebreak gives it 90 seconds, which is what
this test lasts, and so it is a file of its own that runs beside others."""

import time

import harness
import rest_stand_in
import trouble


class Silence(trouble.TroubleTest):
    def test_is_not_waited_for_for_ever(self):
        with open(self.tree + "/new", "w") as file:
            file.write("new")
        before = self.snapshots()
        with rest_stand_in.RestStandIn(self.repository) as server:
            # Both at once: an upload that nobody acknowledges, and a download that never comes.
            server.fail("POST", "/data/", rest_stand_in.Hold(), times=-1)
            server.fail("GET", "/data/", rest_stand_in.Hold(), times=-1)
            began = time.monotonic()
            backup, restore = (
                self.start("-q", *command, "--retry-for", "0s", repository=server.location)
                for command in (["backup", "tree"], ["restore", "latest", "-t", "out"]))
            self.assert_one_line(self.end_of(backup, code=1), "data/", "transferred the last 90")
            self.assertIn("transferred the last 90", self.end_of(restore, code=1).errors)
            self.assertLess(time.monotonic() - began, 170)  # a second try would take 180
            server.heal()
            self.assertEqual(self.snapshots(), before)
            self.firebreak("-q", "backup", "tree", repository=server.location)
        self.assertEqual(len(self.snapshots()), len(before) + 1)
        self.assert_sound()


if __name__ == "__main__":
    harness.main()
