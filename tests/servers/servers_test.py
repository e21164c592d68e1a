"""Says what the real servers get right, so that a conformance test that is green means something.

Run: servers_test.py KIND, beside no server: each class starts its own.
"""

import base64
import datetime
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import unittest
import urllib.error
import urllib.request

import servers

WITH_SERVER = pathlib.Path(__file__).with_name("with_server.py")


def http(method, url, body=None, headers=None):
    request = urllib.request.Request(url, data=body, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


class OfServer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(cls.kind())


class Rest(OfServer):
    kind = servers.RestServer

    def call(self, method, path, body=None, password=None):
        pair = f"{self.server.user}:{password or self.server.password}".encode()
        return http(method, self.server.base + path, body,
                    {"Authorization": "Basic " + base64.b64encode(pair).decode(),
                     "Accept": "application/vnd.x.restic.rest.v2"})

    def setUp(self):
        self.assertEqual(self.call("POST", "repo/?create=true")[0], 200)

    def test_refuses_another_password(self):
        self.assertEqual(self.call("GET", "repo/config", password="wrong")[0], 401)

    def test_a_name_is_the_hash_of_its_bytes_and_is_written_once(self):
        body = b"some bytes"
        path = "repo/data/" + hashlib.sha256(body).hexdigest()
        self.assertEqual(self.call("POST", path, b"other bytes")[0], 400)
        self.assertEqual(self.call("POST", path, body)[0], 200)
        self.assertEqual(self.call("POST", path, body)[0], 403)
        self.assertEqual(self.call("GET", path), (200, body))
        listed = json.loads(self.call("GET", "repo/data/")[1])
        self.assertEqual([file["size"] for file in listed], [len(body)])
        self.assertEqual(self.call("DELETE", path)[0], 200)
        self.assertEqual(self.call("GET", path)[0], 404)


class Gcs(OfServer):
    kind = servers.GcsServer

    def upload(self, name, body, generation=""):
        url = (f"{self.server.base}/upload/storage/v1/b/{self.server.bucket}/o"
               f"?uploadType=media&name={name}{generation}")
        return http("POST", url, body, {"Content-Type": "application/octet-stream"})[0]

    def test_a_precondition_on_the_generation_holds(self):
        self.assertEqual(self.upload("a", b"one", "&ifGenerationMatch=0"), 200)
        self.assertEqual(self.upload("a", b"two", "&ifGenerationMatch=0"), 412)
        url = f"{self.server.base}/storage/v1/b/{self.server.bucket}/o/a?alt=media"
        self.assertEqual(http("GET", url), (200, b"one"))

    def test_ranges(self):
        self.upload("b", b"0123456789")
        url = f"{self.server.base}/storage/v1/b/{self.server.bucket}/o/b?alt=media"
        self.assertEqual(http("GET", url, headers={"Range": "bytes=2-4"}), (206, b"234"))

    def test_lists_in_pages_below_a_prefix(self):
        for name in ("p/1", "p/2", "p/3", "q/1"):
            self.upload(name, b"x")
        names, token, pages = [], "", 0
        while pages < 10:
            url = (f"{self.server.base}/storage/v1/b/{self.server.bucket}/o"
                   f"?prefix=p/&maxResults=2{token}")
            page = json.loads(http("GET", url)[1])
            names += [item["name"] for item in page.get("items", [])]
            pages += 1
            if "nextPageToken" not in page:
                break
            token = "&pageToken=" + page["nextPageToken"]
        self.assertEqual((names, pages), (["p/1", "p/2", "p/3"], 2))


class S3(OfServer):
    kind = servers.S3Server

    def setUp(self):
        self.client = self.server.client()

    def put(self, path, body, **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.request("PUT", path, body=body, headers=named)

    def test_refuses_another_secret(self):
        self.client.secret_key = "wrong"
        self.assertEqual(self.put(f"/{self.server.bucket}/a", b"x").status, 403)

    def test_if_none_match_keeps_what_is_there(self):
        path = f"/{self.server.bucket}/once"
        self.assertEqual(self.put(path, b"one", if_none_match="*").status, 200)
        self.assertEqual(self.put(path, b"two", if_none_match="*").status, 412)
        self.assertEqual(self.client.request("GET", path).body, b"one")

    def test_buckets_with_versions_forget_if_none_match(self):
        path = f"/{self.server.locked_bucket}/twice"
        ids = []
        for body in (b"one", b"two"):
            md5 = base64.b64encode(hashlib.md5(body).digest()).decode()
            answer = self.put(path, body, if_none_match="*", content_md5=md5)
            self.assertEqual(answer.status, 200)
            ids.append(answer.headers["x-amz-version-id"])
        self.assertEqual(self.client.request("GET", path).body, b"two")
        self.assertEqual(self.client.request("GET", path, {"versionId": ids[0]}).body, b"one")

    def test_ranges(self):
        path = f"/{self.server.bucket}/range"
        self.put(path, b"0123456789")
        answer = self.client.request("GET", path, headers={"range": "bytes=2-4"})
        self.assertEqual((answer.status, answer.body), (206, b"234"))

    def test_a_wrong_md5_is_refused(self):
        wrong = base64.b64encode(hashlib.md5(b"other").digest()).decode()
        path = f"/{self.server.bucket}/md5"
        self.assertEqual(self.put(path, b"x", content_md5=wrong).status, 400)

    def test_a_held_version_cannot_be_deleted(self):
        path = f"/{self.server.locked_bucket}/held"
        until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
        answer = self.put(path, b"x", content_md5=base64.b64encode(hashlib.md5(b"x").digest()).decode(),
                          x_amz_object_lock_mode="COMPLIANCE",
                          x_amz_object_lock_retain_until_date=until.strftime("%Y-%m-%dT%H:%M:%SZ"))
        self.assertEqual(answer.status, 200)
        version = answer.headers["x-amz-version-id"]
        held = self.client.request("DELETE", path, {"versionId": version})
        self.assertEqual(held.status, 403)
        self.assertIn(b"AccessDenied", held.body)
        # Without a version a delete marker hides it, and the bytes stay.
        self.assertEqual(self.client.request("DELETE", path).status, 204)
        self.assertEqual(self.client.request("GET", path).status, 404)
        self.assertEqual(self.client.request("GET", path, {"versionId": version}).body, b"x")


class WithServer(unittest.TestCase):
    """The wrapper hands over variables and exit code, and leaves no server behind."""

    def run_with(self, *command):
        return subprocess.run([sys.executable, WITH_SERVER, "rest", "--", *command],
                              stdout=subprocess.PIPE, text=True)

    def test_hands_over_the_exit_code(self):
        self.assertEqual(self.run_with("sh", "-c", "exit 7").returncode, 7)
        self.assertEqual(self.run_with("sh", "-c", "kill -9 $$").returncode, 137)

    def test_hands_over_the_address_and_ends_the_server(self):
        done = self.run_with("sh", "-c", "echo $FIREBREAK_TEST_REST")
        self.assertRegex(done.stdout, r"^http://\S+@127\.0\.0\.1:\d+/$")
        address = "http://" + done.stdout.strip().split("@")[1]
        self.assertIsNone(servers.http_status(address))


if __name__ == "__main__":
    kinds = {"rest": [Rest], "gcs": [Gcs], "s3": [S3], "wrapper": [WithServer]}
    suite = unittest.TestSuite(
        unittest.defaultTestLoader.loadTestsFromTestCase(case) for case in kinds[sys.argv[1]])
    sys.exit(not unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful())
