"""Real servers on free loopback ports, each with an empty place for a repository.

    with RestServer() as server:
        subprocess.run([...], env=os.environ | server.environment())

A server lives in a temporary folder of its own and ends with its `with` block, and with this process
however that ends. README.md says which servers these are and what they get wrong.
"""

import base64
import ctypes
import hashlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
import uuid

import s3

PROGRAMS = pathlib.Path(__file__).resolve().parents[2] / "build" / "tools"
START_SECONDS_MAX = 90
STOP_SECONDS_MAX = 5
# Somebody else may take a free port before its server does. And a client of Ceph may ask before its
# monitor told it the id of the cluster, and is refused ("wrong fsid"): one start of seven ends so.
STARTS_MAX = 10


class ServerError(Exception):
    pass


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def http_status(url, method="GET", body=None, headers=None):
    """The status of one request; None where nobody answers."""
    request = urllib.request.Request(url, data=body, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def die_with_parent():
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Server:
    """Starts in __enter__, ends in __exit__. Subclasses say how."""

    name = "server"

    def __enter__(self):
        for attempt in range(1, STARTS_MAX + 1):
            self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"firebreak-{self.name}-"))
            self.processes = []
            try:
                self.start()
                return self
            except ServerError:
                self.stop()
                if attempt == STARTS_MAX:
                    raise
            except BaseException:
                self.stop()
                raise

    def __exit__(self, *_):
        self.stop()

    def start(self):
        raise NotImplementedError

    def environment(self):
        """The variables by which a test finds this server."""
        raise NotImplementedError

    def program(self, name):
        path = PROGRAMS / name
        if not path.exists():
            raise SystemExit(f"{path} is not there: run tools/programs.sh {name}")
        return str(path)

    def launch(self, *command):
        with open(self.folder / "output", "ab") as output:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True, preexec_fn=die_with_parent)
        self.processes.append(process)
        return process

    def wait_until(self, ready, process):
        """Polls; a server that ended or takes too long is an error with its last words."""
        end = time.monotonic() + START_SECONDS_MAX
        while not ready():
            if process.poll() is not None or time.monotonic() > end:
                words = (self.folder / "output").read_text(errors="replace")[-2000:]
                raise ServerError(f"{self.name} does not start: {words}")
            time.sleep(0.05)

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
        for process in reversed(self.processes):
            try:
                process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class RestServer(Server):
    """restic's rest-server, with one user."""

    name = "rest-server"
    user, password = "tester", "open-sesame"

    def start(self):
        self.port = free_port()
        digest = base64.b64encode(hashlib.sha1(self.password.encode()).digest()).decode()
        (self.folder / "htpasswd").write_text(f"{self.user}:{{SHA}}{digest}\n")
        process = self.launch(
            self.program("rest-server"), "--listen", f"127.0.0.1:{self.port}",
            "--path", str(self.folder / "data"), "--htpasswd-file", str(self.folder / "htpasswd"))
        self.wait_until(lambda: http_status(self.base) is not None, process)

    @property
    def base(self):
        return f"http://127.0.0.1:{self.port}/"

    def environment(self):
        return {"FIREBREAK_TEST_REST":
                f"http://{self.user}:{self.password}@127.0.0.1:{self.port}/"}


class GcsServer(Server):
    """fake-gcs-server in memory, with one bucket."""

    name = "fake-gcs-server"
    bucket = "firebreak-test"

    def start(self):
        self.port = free_port()
        process = self.launch(
            self.program("fake-gcs-server"), "-scheme", "http", "-host", "127.0.0.1",
            "-port", str(self.port), "-backend", "memory",
            "-public-host", f"127.0.0.1:{self.port}", "-external-url", self.base)
        buckets = f"{self.base}/storage/v1/b?project=test"
        self.wait_until(lambda: http_status(buckets) is not None, process)
        made = http_status(buckets, "POST", b'{"name": "%s"}' % self.bucket.encode(),
                           {"Content-Type": "application/json"})
        if made != 200:
            raise ServerError(f"{self.name} does not make a bucket: status {made}")

    @property
    def base(self):
        return f"http://127.0.0.1:{self.port}"

    def environment(self):
        return {"FIREBREAK_TEST_GCS": f"{self.base}/{self.bucket}",
                "STORAGE_EMULATOR_HOST": self.base}


CEPH_CONF = """\
[global]
fsid = {fsid}
mon initial members = a
mon host = [v1:127.0.0.1:{mon_port}/0]
public network = 127.0.0.0/8
cluster network = 127.0.0.0/8
auth cluster required = none
auth service required = none
auth client required = none
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
mon data avail crit = 0
run dir = {folder}/run
admin socket = {folder}/run/$name.asok
log file = {folder}/log/$name.log
keyring = {folder}/keyring
[mon.a]
mon data = {folder}/mon
ms bind msgr2 = false
[osd.0]
osd data = {folder}/osd
osd objectstore = memstore
memstore device bytes = 4294967296
ms bind msgr2 = false
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:{port}
rgw data = {folder}/rgw
"""


class S3Server(Server):
    """Ceph's radosgw over one monitor and one disk in memory, with a plain and a locked bucket."""

    name = "radosgw"
    access_key, secret_key, region = "TESTACCESSKEY", "test-secret-key", "us-east-1"
    bucket, locked_bucket = "firebreak-test", "firebreak-locked"

    def start(self):
        self.port = free_port()
        mon_port = free_port()
        fsid = str(uuid.uuid4())
        for part in ("mon", "osd", "run", "log", "rgw"):
            (self.folder / part).mkdir()
        (self.folder / "keyring").touch()
        self.conf = str(self.folder / "ceph.conf")
        pathlib.Path(self.conf).write_text(CEPH_CONF.format(
            fsid=fsid, mon_port=mon_port, port=self.port, folder=self.folder))
        self.start_monitor(fsid, mon_port)
        self.start_disk()
        self.run("radosgw-admin", "-n", "client.rgw", "user", "create", "--uid=tester",
                 "--display-name=tester", f"--access-key={self.access_key}",
                 f"--secret-key={self.secret_key}")
        gateway = self.launch("radosgw", "-c", self.conf, "-n", "client.rgw", "-f")
        self.wait_until(lambda: http_status(self.base) is not None, gateway)
        client = self.client()
        for bucket, headers in ((self.bucket, {}),
                                (self.locked_bucket, {"x-amz-bucket-object-lock-enabled": "true"})):
            answer = client.request("PUT", f"/{bucket}", headers=headers)
            if answer.status != 200:
                raise ServerError(f"{self.name} does not make {bucket}: {answer}")

    def start_monitor(self, fsid, mon_port):
        map_file = str(self.folder / "monmap")
        self.run("monmaptool", "--create", "--fsid", fsid, "--addv", "a",
                 f"[v1:127.0.0.1:{mon_port}]", "--clobber", map_file, conf=False)
        self.run("ceph-mon", "-i", "a", "--mkfs", "--monmap", map_file,
                 "--mon-data", str(self.folder / "mon"))
        monitor = self.launch("ceph-mon", "-c", self.conf, "-i", "a", "-f")
        self.wait_until(lambda: self.succeeds("ceph", "mon", "stat"), monitor)

    def start_disk(self):
        disk_id = str(uuid.uuid4())
        self.run("ceph", "osd", "new", disk_id)
        self.run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", disk_id)
        disk = self.launch("ceph-osd", "-c", self.conf, "-i", "0", "-f")
        self.wait_until(lambda: "1 up" in self.output_of("ceph", "osd", "stat"), disk)
        self.run("ceph", "osd", "crush", "add", "osd.0", "1.0", "root=default", "host=h")

    def run(self, program, *arguments, conf=True):
        done = self.completed(program, *arguments, conf=conf)
        if done.returncode != 0:
            raise ServerError(f"{program} {' '.join(arguments)}: {done.stdout[-2000:]}")
        return done.stdout

    def output_of(self, *command):
        return self.completed(*command).stdout

    def succeeds(self, *command):
        return self.completed(*command).returncode == 0

    def completed(self, program, *arguments, conf=True):
        if not shutil.which(program):
            raise SystemExit(f"{program} is not installed: run tools/setup.sh")
        command = [program, *(["-c", self.conf] if conf else []), *arguments]
        try:
            return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, timeout=60)
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(command, 1, f"{program} takes too long")

    @property
    def base(self):
        return f"http://127.0.0.1:{self.port}"

    def client(self):
        return s3.Client(self.base, self.access_key, self.secret_key, self.region)

    def environment(self):
        return {"FIREBREAK_TEST_S3": f"{self.base}/{self.bucket}",
                "FIREBREAK_TEST_S3_LOCKED": f"{self.base}/{self.locked_bucket}",
                "AWS_ACCESS_KEY_ID": self.access_key,
                "AWS_SECRET_ACCESS_KEY": self.secret_key,
                "AWS_REGION": self.region,
                "AWS_DEFAULT_REGION": self.region}


SERVERS = {"rest": RestServer, "gcs": GcsServer, "s3": S3Server}
