"""with_server.py KIND -- COMMAND…: runs a command beside a real server (rest, gcs or s3).

The command finds the server by the variables that README.md lists. Ends with the command's exit code;
the server ends too, whatever happens.
"""

import os
import signal
import subprocess
import sys

import servers


def main():
    kind, separator, command = sys.argv[1:2], sys.argv[2:3], sys.argv[3:]
    if not command or separator != ["--"] or kind[0] not in servers.SERVERS:
        print(__doc__, file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with servers.SERVERS[kind[0]]() as server:
        process = subprocess.Popen(command, env=os.environ | server.environment(),
                                   preexec_fn=servers.die_with_parent)
        try:
            code = process.wait()
        finally:
            process.kill()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
