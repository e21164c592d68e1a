"""firebreak dump: bytes of files, tars of folders, against restic's."""

import io
import os
import subprocess
import tarfile

import harness


class Dump(harness.CommandTest):
    def setUp(self):
        super().setUp()
        harness.make_tree(self.folder + "/tree")
        self.back_up("big", cwd=self.folder + "/tree")  # apart: its blobs have packs of their own
        self.snapshot = self.back_up_tree()

    def source(self, name):
        with open(self.tree + "/" + name, "rb") as file:
            return file.read()

    def test_writes_a_file(self):
        for name in ("big", "nothing", "zeros", "sub/inner.txt", "-r"):
            self.assertEqual(self.firebreak("dump", "latest", "/" + name).out, self.source(name))
        self.assertEqual(self.firebreak("dump", "latest:sub", "inner.txt").out, b"inner\n")
        self.assertEqual(self.firebreak("dump", self.snapshot, "plain", "--host",
                                        os.uname().nodename).out, b"some text\n")

    def members(self, tar):
        with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
            return {one.name.rstrip("/"): (one.type, one.size, one.mode, one.linkname,
                                           round(one.mtime), one.uid, one.gid)
                    for one in archive.getmembers()}

    def test_writes_the_tar_that_restic_writes(self):
        for arguments in (["latest", "/"], ["latest", "/sub"], ["latest:sub", "/"],
                          ["latest:sub", "deeper"], ["latest", "/empty"]):
            ours = self.members(self.firebreak("dump", *arguments).out)
            theirs = self.members(self.restic("dump", *arguments).out)
            # restic makes files of sockets and pipes, or forgets them; no tar has sockets.
            for name in ("socket", "fifo", "sub/fifo"):
                theirs.pop(name, None)
                kind = ours.pop(name, (tarfile.FIFOTYPE,))[0]
                self.assertEqual(kind, tarfile.FIFOTYPE)
            self.assertEqual(ours, theirs, arguments)
        ours = self.firebreak("dump", "-a", "tar", "latest", "/sub").out
        with tarfile.open(fileobj=io.BytesIO(ours)) as archive:
            self.assertEqual(archive.extractfile("sub/inner.txt").read(), b"inner\n")

    def test_writes_a_target_at_once(self):
        target = self.folder + "/out"
        with open(target, "w") as file:
            file.write("before")
        os.symlink("out", self.folder + "/link")
        done = self.firebreak("dump", "latest", "/big", "-t", self.folder + "/link")
        self.assertEqual(done.out, b"")
        with open(target, "rb") as file:
            self.assertEqual(file.read(), self.source("big"))
        self.assertTrue(os.path.islink(self.folder + "/link"))
        self.firebreak("dump", "latest", "/sub", "--target", "new.tar")
        self.assertTrue(tarfile.is_tarfile(self.folder + "/new.tar"))

    def test_what_is_lost_leaves_no_target(self):
        self.lose_pack_of(self.node("/big")["content"][0])
        before = sorted(os.listdir(self.folder))
        for path in ("/big", "/"):
            self.assert_refused("dump", "latest", path, "-t", "out", says="big")
            self.assertEqual(sorted(os.listdir(self.folder)), before)
            self.firebreak("dump", "latest", path, code=1)
        self.assertEqual(self.firebreak("dump", "latest", "/plain").out, b"some text\n")

    def dump_into(self, output, path):
        return subprocess.run([harness.FIREBREAK, "-r", self.repository, "dump", "latest", path],
                              stdout=output, stderr=subprocess.PIPE, env=self.environment,
                              timeout=harness.SECONDS_MAX)

    def test_a_reader_that_goes_ends_the_dump(self):
        reader, writer = os.pipe()
        os.close(reader)
        ended = self.dump_into(writer, "/zeros")
        os.close(writer)
        self.assertEqual(ended.returncode, 1)
        self.assertIn(b"standard output", ended.stderr)

    def test_a_terminal_gets_no_tar(self):
        terminal, end = os.openpty()
        ended = self.dump_into(end, "/sub")
        os.close(end)
        os.close(terminal)
        self.assertEqual(ended.returncode, 1)
        self.assertIn(b"nothing for a terminal", ended.stderr)

    def test_refuses(self):
        self.assert_refused("dump", "latest", says="PATH is required")
        self.assert_refused("dump", "latest", "/", "--archive", "zip", says="as tar only")
        self.assert_refused("dump", "latest", "/no", says='no "no"')
        self.assert_refused("dump", "latest", "/link", says="a symlink")
        self.assert_refused("dump", "latest", "/sub/fifo", says="a fifo")
        self.assert_refused("dump", "deadbeef", "/plain", says="no snapshot")
        self.assert_refused("dump", "latest", "/plain", "--tag", "none", says="no snapshot matches")
        self.assert_refused("dump", "latest", "/plain", "--path", "/none", says="no snapshot")
        self.assert_refused("dump", "latest", "/plain", "-t", "/no/such/file", says="/no/such/file")
        self.assert_refused("dump", "latest", "/plain", "-t", "/dev/null", says="no regular file")
        self.assert_refused("dump", "latest", "/plain", "-t", ".", says="no regular file")
        self.assert_refused("dump", "latest", "/plain", repository="/nowhere", code=10)


if __name__ == "__main__":
    harness.main()
