"""A server that refuses, stalls, cuts connections, loses answers or goes away. rest_stand_in.py
stands for it and says what that proves."""

import time

import harness
import rest_stand_in
import trouble

Status = rest_stand_in.Status


class Network(trouble.ServedTest):
    def setUp(self):
        super().setUp()
        self.before = self.snapshots()

    def remote(self, *arguments, **options):
        return self.firebreak("-q", *arguments, repository=self.server.location, **options)

    def assert_refused(self, *arguments, says, **options):
        return self.assert_fails(*arguments, says=says, repository=self.server.location, **options)

    def assert_saved(self, count=1):
        self.assertEqual(len(self.snapshots()), len(self.before) + count)
        self.assert_sound()

    def assert_waits(self, done, count=1):
        """That many lines say so, and nothing else is said."""
        lines = done.errors.splitlines()
        self.assertEqual(len(lines), count, done.errors)
        for line in lines:
            self.assertIn("trying again in ", line)

    def test_forbidden(self):
        self.server.fail("POST", "/data/", Status(403), times=-1)
        self.write_new()
        self.assert_refused("backup", "tree", says=["data/", "403"])
        self.assertEqual(self.snapshots(), self.before)
        self.server.heal()
        self.remote("backup", "tree")
        self.assert_saved()

    def write_new(self, name="new"):
        with open(f"{self.tree}/{name}", "w") as file:
            file.write(name)

    def test_forbidden_altogether(self):
        before = self.stored()
        for code in (401, 403):
            self.server.heal()
            self.server.fail(".*", "/", Status(code, body=b"\x1b[31mno\n\x07"), times=-1)
            for command in trouble.commands(self._pristine):
                self.assert_refused(*command, says=[self.server.location, str(code)])
            self.assert_refused("init", says=[self.server.location, str(code)])
        self.assertEqual(self.stored(), before)

    def test_a_lock_is_forbidden(self):
        before = self.stored()
        self.server.fail("POST", "/locks/", Status(403), times=-1)
        self.assert_refused("backup", "tree", says=["locks/", "403"])
        self.assert_refused("snapshots", says=["locks/", "403", "--no-lock"])
        self.remote("snapshots", "--no-lock")
        self.assertEqual(self.stored(), before)

    def test_secrets_of_the_address_are_not_told(self):
        location = self.server.location.replace("://", "://somebody:hunter2@")
        self.server.fail(".*", "/", Status(401), times=-1)
        for command in (["snapshots"], ["backup", "tree"], ["init"]):
            done = self.assert_fails(*command, repository=location, says="401")
            self.assertNotIn("hunter2", done.errors)

    def test_waits_as_long_as_asked(self):
        self.server.fail("GET", "/config", Status(429, {"Retry-After": "2"}))
        began = time.monotonic()
        done = self.remote("snapshots")
        self.assertGreaterEqual(time.monotonic() - began, 2)
        self.assert_waits(done)
        self.assertIn("429", done.errors)
        self.assertIn("trying again in 2 s", done.errors)

    def test_waits_no_longer_than_allowed(self):
        self.server.fail("GET", "/config", Status(429, {"Retry-After": "3600"}), times=-1)
        began = time.monotonic()
        self.assert_refused("snapshots", "--retry-for", "1m", says=["429", "gave up"])
        self.assertLess(time.monotonic() - began, 30)

    def test_outlasts_a_burst(self):
        for method, path in (("POST", "/data/"), ("POST", "/snapshots/"), ("GET", "/index/")):
            self.server.fail(method, path, Status(503), times=2)
        self.write_new()
        self.assert_waits(self.remote("backup", "--connections", "1", "tree"), 6)
        self.assert_saved()

    def test_cut_in_the_middle_of_an_upload(self):
        for path in ("/data/", "/index/", "/snapshots/", "/locks/"):
            self.server.fail("POST", path, rest_stand_in.Cut())
        self.write_new()
        self.remote("backup", "tree")
        self.assert_saved()

    def test_lost_answers(self):
        for path in ("/data/", "/index/", "/snapshots/", "/locks/"):
            self.server.fail("POST", path, rest_stand_in.LoseAnswer())
        self.server.fail("DELETE", "/locks/", rest_stand_in.LoseAnswer())
        self.write_new()
        self.remote("backup", "tree")
        self.assert_saved()
        for path in ("/data/", "/index/", "/snapshots/"):
            self.server.fail("DELETE", path, rest_stand_in.LoseAnswer())
        self.remote("forget", "--group-by", "host", "--keep-last", "1", "--prune",
                    "--max-unused", "0")
        self.assertEqual(len(self.snapshots()), 1)
        self.assert_sound()

    def test_lost_answers_of_init(self):
        with rest_stand_in.RestStandIn(self.folder + "/new") as server:
            server.fail("POST", "/$", rest_stand_in.LoseAnswer())
            server.fail("POST", "/config", rest_stand_in.LoseAnswer())
            server.fail("POST", "/keys/", rest_stand_in.LoseAnswer())
            self.firebreak("init", repository=server.location)
            self.firebreak("backup", "-q", "tree", repository=server.location)
        self.assert_sound(self.folder + "/new")

    def test_restores_through_failures(self):
        self.server.fail("GET", "/data/", Status(503))
        self.server.fail("GET", "/data/", rest_stand_in.Cut(), skip=1)
        self.remote("restore", "latest", "-t", "out")
        self.assertEqual(harness.look_at(self.folder + "/out"), harness.look_at(self.tree))
        self.assert_sound()

    def test_gone_for_ever(self):
        held = self.server.fail("POST", "/data/", rest_stand_in.Hold())
        self.write_new()
        process = self.start("-q", "backup", "--retry-for", "2s", "tree",
                             repository=self.server.location)
        self.assertTrue(held.reached.wait(60))
        began = time.monotonic()
        self.server.vanish()
        done = self.end_of(process, code=1)
        self.assertLess(time.monotonic() - began, 20)
        self.assert_one_line(done, "gave up", waits=True)
        self.assertEqual(self.snapshots(), self.before)
        self.server.heal()
        self.server.start(self.server.port)
        # Its lock was out of reach; a backup does not mind, what changes things does.
        self.assertEqual(len(self.locks()), 1)
        self.remote("backup", "tree")
        self.assert_refused("prune", code=11, says="firebreak unlock")
        self.remote("unlock")
        self.remote("prune")
        self.assert_saved()

    def test_nobody_listens(self):
        self.server.vanish()
        for command in (["snapshots"], ["backup", "tree"], ["init"]):
            self.assert_refused(*command, "--retry-for", "1s", says="gave up", waits=True)
        self.server.start()
        before = self.stored()
        self.assert_fails("snapshots", "--retry-for", "1s", repository="rest:http://no.invalid/",
                          says="no.invalid", waits=True)
        self.assertEqual(self.stored(), before)

    def test_a_clock_that_is_wrong(self):
        """As S3 tells of it; radosgw does not."""
        body = (b"<Error><Code>RequestTimeTooSkewed</Code><Message>The difference between the "
                b"request time and the current time is too large.</Message></Error>")
        self.server.fail(".*", "/", Status(403, {"Content-Type": "application/xml",
                                                 "Date": "Wed, 01 Jan 2020 00:00:00 GMT"}, body),
                         times=-1)
        self.assert_fails(
            "snapshots", repository=f"s3:http://127.0.0.1:{self.server.port}/bucket",
            environment={"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "secret-of-s3",
                         "AWS_REGION": "us-east-1"}, says="clock")


if __name__ == "__main__":
    harness.main()
