"""The little of S3 that setting up and judging a test server needs: requests signed by SigV4."""

import datetime
import hashlib
import hmac
import typing
import urllib.error
import urllib.parse
import urllib.request


class Answer(typing.NamedTuple):
    status: int
    headers: dict  # names in lower case
    body: bytes


class Client:
    def __init__(self, base, access_key, secret_key, region):
        self.base, self.access_key, self.secret_key = base, access_key, secret_key
        self.region = region

    def request(self, method, path, query=None, body=b"", headers=None):
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        encoded = urllib.parse.urlencode(sorted((query or {}).items()),
                                         quote_via=urllib.parse.quote)
        signed = {
            "host": urllib.parse.urlparse(self.base).netloc,
            "x-amz-date": now,
            "x-amz-content-sha256": hashlib.sha256(body).hexdigest(),
            **{name.lower(): value for name, value in (headers or {}).items()},
        }
        names = ";".join(sorted(signed))
        canonical = "\n".join([
            method, path, encoded,
            *(f"{name}:{signed[name]}" for name in sorted(signed)), "",
            names, signed["x-amz-content-sha256"]])
        scope = f"{now[:8]}/{self.region}/s3/aws4_request"
        to_sign = "\n".join(["AWS4-HMAC-SHA256", now, scope,
                             hashlib.sha256(canonical.encode()).hexdigest()])
        key = b"AWS4" + self.secret_key.encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
        signed["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self.access_key}/{scope}, "
            f"SignedHeaders={names}, Signature={signature}")
        request = urllib.request.Request(f"{self.base}{path}{'?' * bool(encoded)}{encoded}",
                                         data=body or None, method=method, headers=signed)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return Answer(answer.status, lower(answer.headers), answer.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, lower(error.headers), error.read())


def lower(headers):
    return {name.lower(): value for name, value in headers.items()}
