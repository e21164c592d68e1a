"""A stand-in for a REST server, over a repository in a folder, that fails when told to. It speaks
restic's REST protocol, version 2, as far as firebreak uses it, and is no proof of what rest-server
does: tests/servers has the real one.

    with RestStandIn(folder) as server:
        server.fail("POST", "/data/", Status(503), times=3)
        subprocess.run([..., "-r", server.location, ...])
"""

import dataclasses
import hashlib
import http.server
import json
import os
import re
import socket
import threading

TYPES = ("data", "index", "keys", "locks", "snapshots")


@dataclasses.dataclass
class Status:
    """Answers so instead."""

    code: int
    headers: dict = dataclasses.field(default_factory=dict)
    body: bytes = b""


class Cut:
    """Closes the connection in the middle of the request's body."""


class LoseAnswer:
    """Does what was asked for and closes the connection instead of telling."""


class Hold:
    """Keeps the request until released, then does it. `reached` is set once one is kept."""

    def __init__(self):
        self.reached = threading.Event()
        self.released = threading.Event()


@dataclasses.dataclass
class Fault:
    method: str
    path: str  # a pattern
    what: object
    times: int  # that are left
    skip: int  # requests that go well before


class RestStandIn:
    def __init__(self, folder):
        self.folder = folder
        self.requests = []  # (method, path)
        self._faults = []
        self._holds = []
        self._connections = set()
        self._gone = threading.Event()
        self._mutex = threading.Lock()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self, port=0):
        stand_in = self

        class Handler(_Handler):
            server_state = stand_in

        self._server = _Server(("127.0.0.1", port), Handler)
        self._gone.clear()
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def stop(self):
        if not self._gone.is_set():
            self.vanish()
        for hold in self._holds:
            hold.released.set()

    def vanish(self):
        """From one moment to the next: open connections are cut."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._gone.set()
        with self._mutex:
            open_now, self._connections = self._connections, set()
        for connection in open_now:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    @property
    def location(self):
        return f"rest:http://127.0.0.1:{self.port}/"

    def fail(self, method, path, what, times=1, skip=0):
        """The next `times` requests that match, after `skip` of them."""
        with self._mutex:
            self._faults.append(Fault(method, path, what, times, skip))
            if isinstance(what, Hold):
                self._holds.append(what)
        return what

    def heal(self):
        with self._mutex:
            self._faults.clear()

    def count(self, method, path):
        return sum(method == one and re.match(path, where) is not None
                   for one, where in self.requests)

    def fault_of(self, method, path):
        with self._mutex:
            self.requests.append((method, path))
            for fault in self._faults:
                if fault.times == 0 or not re.fullmatch(fault.method, method):
                    continue
                if not re.match(fault.path, path):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                return fault.what
        return None

    def opened(self, connection):
        with self._mutex:
            self._connections.add(connection)

    @property
    def is_gone(self):
        return self._gone.is_set()

    def place_of(self, path):
        parts = path.strip("/").split("/")
        if parts == ["config"]:
            return self.folder + "/config"
        if len(parts) == 2 and parts[0] in TYPES and re.fullmatch("[0-9a-f]{64}", parts[1]):
            inside = f"data/{parts[1][:2]}" if parts[0] == "data" else parts[0]
            return f"{self.folder}/{inside}/{parts[1]}"
        return None


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Clients that hang up are what these tests are about."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def setup(self):
        super().setup()
        self.server_state.opened(self.connection)

    def _handle(self):
        try:
            self._handle_unless_gone()
        except OSError:
            self.close_connection = True

    do_GET = do_HEAD = do_POST = do_DELETE = _handle

    def _handle_unless_gone(self):
        path, _, query = self.path.partition("?")
        fault = self.server_state.fault_of(self.command, path)
        size = int(self.headers.get("Content-Length") or 0)
        if isinstance(fault, Cut):
            self.rfile.read(size // 2)
            self.close_connection = True
            return
        body = self.rfile.read(size)
        if isinstance(fault, Status):
            self._answer(fault.code, fault.body, fault.headers)
            return
        if isinstance(fault, Hold):
            fault.reached.set()
            fault.released.wait()
            if self.server_state.is_gone:
                self.close_connection = True
                return
        answer = self._do(path, query, body)
        if isinstance(fault, LoseAnswer):
            self.close_connection = True
            return
        self._answer(*answer)

    def _answer(self, code, body=b"", headers=None):
        self.send_response(code)
        length = (headers or {}).pop("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _do(self, path, query, body):
        if self.command == "POST" and query == "create=true":
            for name in TYPES:
                os.makedirs(f"{self.server_state.folder}/{name}", exist_ok=True)
            return (200,)
        if self.command == "GET" and path.strip("/") in TYPES:
            return (200, self._list(path.strip("/")),
                    {"Content-Type": "application/vnd.x.restic.rest.v2"})
        place = self.server_state.place_of(path)
        if place is None:
            return (400, b"no such name")
        if self.command == "POST":
            return self._save(place, body)
        if not os.path.exists(place):
            return (404,)
        if self.command == "DELETE":
            os.unlink(place)
            return (200,)
        if self.command == "HEAD":
            return (200, b"", {"Content-Length": str(os.path.getsize(place))})
        return self._load(place)

    def _list(self, kind):
        found = []
        for where, _, names in os.walk(f"{self.server_state.folder}/{kind}"):
            found += [{"name": name, "size": os.path.getsize(f"{where}/{name}")} for name in names]
        return json.dumps(found).encode()

    def _save(self, place, body):
        name = os.path.basename(place)
        if name != "config" and hashlib.sha256(body).hexdigest() != name:
            return (400, b"the content does not fit the name")
        os.makedirs(os.path.dirname(place), exist_ok=True)
        try:
            with open(place, "xb") as file:
                file.write(body)
        except FileExistsError:
            return (403,)
        return (200,)

    def _load(self, place):
        with open(place, "rb") as file:
            content = file.read()
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        if not asked:
            return (200, content)
        first = int(asked[1])
        last = min(int(asked[2]) if asked[2] else len(content) - 1, len(content) - 1)
        if first > last:
            return (416,)
        return (206, content[first:last + 1],
                {"Content-Range": f"bytes {first}-{last}/{len(content)}"})
