"""The backup programs that the benchmark pairs, and how each is told to do the same job."""

import os
import shutil

import measured

PASSWORD = "benchmark"


class Contestant:
    """One program with a repository, a cache and a home of its own below `folder`."""

    name = ""
    program = ""

    def __init__(self, program, folder):
        self.program = program
        self.folder = folder
        self.repository = os.path.join(folder, "repository")
        self.home = os.path.join(folder, "home")
        self.password_file = os.path.join(folder, "password")

    def prepare(self):
        """Starts anew with an empty repository."""
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.home)
        with open(self.password_file, "w", encoding="ascii") as file:
            file.write(PASSWORD + "\n")
        self.init()

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def environment(self):
        return {
            "PATH": os.environ["PATH"],
            "HOME": self.home,
            "XDG_CACHE_HOME": os.path.join(self.home, "cache"),
            "BENCH_OUTPUT": os.path.join(self.folder, "output"),
            "LANG": "C.UTF-8",
        }

    def run(self, *arguments, folder=None):
        return measured.run([self.program, *arguments], self.environment(), folder)

    def stored_bytes(self):
        total = 0
        for folder, _, files in os.walk(self.repository):
            total += sum(os.lstat(os.path.join(folder, file)).st_size for file in files)
        return total


class Restic(Contestant):
    """restic, and what follows its words."""

    name = "restic"

    def run(self, *arguments, folder=None):
        return super().run("-r", self.repository, "--password-file", self.password_file, *arguments,
                           folder=folder)

    def init(self):
        self.run("init")

    def backup(self, tree):
        return self.run("backup", tree)

    def restore(self, target):
        return self.run("restore", "latest", "--target", target)

    def check(self):
        return self.run("check", "--read-data")

    def prune(self, keep):
        return self.run("forget", "--keep-last", str(keep), "--prune")


class Firebreak(Restic):
    name = "firebreak"


class Rustic(Restic):
    name = "rustic"

    def restore(self, target):
        return self.run("restore", "latest", target)

    def prune(self, keep):
        return self.run("forget", "--keep-last", str(keep), "--prune", "--instant-delete")


class Borg(Contestant):
    name = "borg"

    def __init__(self, program, folder):
        super().__init__(program, folder)
        self.archives = 0

    def environment(self):
        return super().environment() | {
            "BORG_PASSPHRASE": PASSWORD,
            "BORG_BASE_DIR": self.home,
        }

    def init(self):
        self.archives = 0
        self.run("init", "--encryption", "repokey", self.repository)

    def backup(self, tree):
        self.archives += 1
        archive = f"{self.repository}::{self.archives:04}"
        return self.run("create", "--compression", "zstd,3", archive, tree)

    def restore(self, target):
        os.makedirs(target)
        return self.run("extract", f"{self.repository}::{self.archives:04}", folder=target)

    def check(self):
        return self.run("check", "--verify-data", self.repository)

    def prune(self, keep):
        pruned = self.run("prune", "--keep-last", str(keep), self.repository)
        return pruned.and_then(self.run("compact", "--threshold", "5", self.repository))


class Kopia(Contestant):
    name = "kopia"

    def environment(self):
        return super().environment() | {
            "KOPIA_PASSWORD": PASSWORD,
            "KOPIA_CONFIG_PATH": os.path.join(self.home, "kopia.config"),
            "KOPIA_CHECK_FOR_UPDATES": "false",
        }

    def init(self):
        self.source = None
        self.run("repository", "create", "filesystem", "--path", self.repository)
        self.run("policy", "set", "--global", "--compression", "zstd-fastest")

    def backup(self, tree):
        self.source = tree
        return self.run("snapshot", "create", tree)

    def restore(self, target):
        return self.run("snapshot", "restore", self.source, target)

    def check(self):
        return self.run("snapshot", "verify", "--verify-files-percent", "100")

    def prune(self, keep):
        self.run("policy", "set", self.source, "--keep-latest", str(keep), "--keep-hourly", "0",
                 "--keep-daily", "0", "--keep-weekly", "0", "--keep-monthly", "0",
                 "--keep-annual", "0")
        expired = self.run("snapshot", "expire", "--all", "--delete")
        return expired.and_then(self.run("maintenance", "run", "--full", "--safety", "none"))


ALL = {kind.name: kind for kind in (Firebreak, Restic, Rustic, Kopia, Borg)}
