"""A tree with all that hurts a backup, what it holds as data, and its further life by seed."""

import hashlib
import os
import stat
import struct

import interop  # puts the harness of tests/cli in reach
import harness

KIB = 1024
MIB = 1024 * KIB
DEPTH = 300
DEPTH_LIGHT = 30
HOLE = 3 * MIB
SPECIAL = {"socket", "fifo", "fifo-twin", "null", "block"}  # neither files, folders nor links

SIZES = [0, 1, 512 * KIB - 1, 512 * KIB, 512 * KIB + 1]
LARGE_SIZES = [8 * MIB - 1, 8 * MIB + 1]

NAMES = [
    b"new\nline", b"quo\"te'", b"back\\slash", b"\\n", b"raw-\xff\xfe\x80", "nbsp\u00a0".encode(),
    "separator\u2028".encode(), b"<a>&amp;&b", b"--leading", b"-", b" ", b"tab\there", b"\x7f",
    b"n" * 255, "e\u0301".encode(), "\u00e9".encode(), "\U0001f512".encode(), b"$HOME", b"*?[x]",
    "\ufffd".encode(), b"\xed\xa0\x80",  # a surrogate, which is no UTF-8
]


def _acl():
    """POSIX access control: rw for the owner, r for user 1234 and the group."""
    entries = [(1, 6, 0xFFFFFFFF), (2, 4, 1234), (4, 4, 0xFFFFFFFF), (16, 4, 0xFFFFFFFF),
               (32, 0, 0xFFFFFFFF)]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *one) for one in entries)


def _write(path, content):
    with open(path, "wb") as file:
        file.write(content)


def _set_attributes(folder):
    path = folder + b"/attributes"
    _write(path, b"has attributes\n")
    wanted = {"user.text": b"value", "user.empty": b"", "user.bytes": bytes(range(256))}
    if os.geteuid() == 0:
        wanted |= {"trusted.any": b"\0", "system.posix_acl_access": _acl()}
    for name, value in wanted.items():
        os.setxattr(path, name, value)
    os.setxattr(folder + b"/empty", "user.of-a-folder", b"\xff")


def _make_special(folder):
    """Owners and devices, which only root can make."""
    os.mknod(folder + b"/null", stat.S_IFCHR | 0o640, os.makedev(1, 3))
    os.mknod(folder + b"/block", stat.S_IFBLK | 0o600, os.makedev(259, 70000))
    _write(folder + b"/owned", b"somebody else's\n")
    os.chown(folder + b"/owned", 12345, 4_000_000_000)
    os.lchown(folder + b"/link", 54321, 23456)


def make(folder, random, small_files, light=False):
    """Below a folder that does not exist yet; the harness's tree is in it. A light one is without
    what takes the longest to restore."""
    sizes = SIZES + ([] if light else LARGE_SIZES)
    depth = DEPTH_LIGHT if light else DEPTH
    harness.make_tree(folder)
    folder = os.fsencode(folder)
    for name in NAMES:
        os.makedirs(folder + b"/names/" + name)
        _write(folder + b"/names/" + name + b"/" + name, name)
    os.makedirs(folder + b"/sizes")
    for size in sizes:
        _write(folder + b"/sizes/%d" % size, random.randbytes(size))
    with open(folder + b"/sparse", "wb") as file:
        file.seek(HOLE)
        file.write(b"after the hole")
        file.truncate(2 * HOLE)
    os.makedirs(folder + b"/deep" + b"/d" * depth)
    _write(folder + b"/deep" + b"/d" * depth + b"/bottom", b"deep\n")
    os.makedirs(folder + b"/many")
    for number in range(small_files):
        _write(folder + b"/many/%04d" % number, b"%d " % number * (number % 97))
    os.symlink(b"loop", folder + b"/loop")
    os.symlink(b"\xff\xfe\n", folder + b"/raw-link")
    os.symlink(b"x" * 4000, folder + b"/long-link")
    os.link(folder + b"/loop", folder + b"/sub/loop-twin")
    os.link(folder + b"/sub/fifo", folder + b"/sub/fifo-twin")
    _set_attributes(folder)
    if os.geteuid() == 0:
        _make_special(folder)
    for name, mode in ((b"setuid", 0o4755), (b"setgid", 0o2711), (b"unreadable", 0o000)):
        _write(folder + b"/" + name, name)
        os.chmod(folder + b"/" + name, mode if os.geteuid() == 0 or mode else 0o400)
    os.chmod(folder + b"/empty", 0o1777)
    for name, when in ((b"/big", 1), (b"/zeros", -1_000_000_001), (b"/link", 999_999_999),
                       (b"/empty", 4_102_444_800_000_000_001)):
        os.utime(folder + name, ns=(when, when), follow_symlinks=False)


def _attributes(path):
    return {name: os.getxattr(path, name, follow_symlinks=False).hex()
            for name in sorted(os.listxattr(path, follow_symlinks=False))}


def _look(path, status):
    kind = stat.S_IFMT(status.st_mode)
    about = {"mode": oct(status.st_mode), "owner": (status.st_uid, status.st_gid),
             "mtime": status.st_mtime_ns, "attributes": _attributes(path)}
    if kind == stat.S_IFLNK:
        about["target"] = os.readlink(path)
    elif kind == stat.S_IFREG:
        with open(path, "rb") as file:
            about["content"] = hashlib.file_digest(file, "sha256").hexdigest()
        about["size"] = status.st_size
    elif kind in (stat.S_IFCHR, stat.S_IFBLK):
        about["device"] = status.st_rdev
    return about


def manifest(folder):
    """Everything below a folder that a restore must bring back: {relative path: what it is}.
    Sockets are left out, which restic does not restore. Files of one inode name each other."""
    folder = os.fsencode(folder)
    seen = {}
    twins = {}
    for where, folders, files in os.walk(folder):
        for name in folders + files:
            path = os.path.join(where, name)
            status = os.lstat(path)
            if stat.S_ISSOCK(status.st_mode):
                continue
            relative = os.path.relpath(path, folder)
            seen[relative] = _look(path, status)
            if stat.S_ISREG(status.st_mode):
                twins.setdefault(status.st_ino, []).append(relative)
    for names in twins.values():
        for name in names:
            seen[name]["names"] = sorted(names)
    return seen


def mutate(folder, random):
    """Changes some of it: new, grown, rewritten, removed, renamed, other kinds, metadata only."""
    folder = os.fsencode(folder)
    many = folder + b"/many/"
    names = sorted(os.listdir(many))
    for name in random.sample(names, min(5, len(names) // 4)):
        os.unlink(many + name)
    for number in range(6):
        _write(many + b"new-%016x" % random.getrandbits(64), random.randbytes(number * 20_000))
    names = sorted(name for name in os.listdir(many) if os.path.isfile(many + name))
    grown, changed, touched, linked, renamed = random.sample(names, 5)
    with open(many + grown, "ab") as file:
        file.write(random.randbytes(1000))
    os.chmod(many + changed, random.choice((0o600, 0o4711, 0o444)))
    os.utime(many + touched, ns=(1, random.getrandbits(60)))
    os.link(many + linked, many + linked[:200] + b"-%08x" % random.getrandbits(32))
    os.rename(many + renamed, many + b"renamed-%08x" % random.getrandbits(32))
    os.setxattr(many + changed, "user.changed", random.randbytes(8))
    largest = max(int(name) for name in os.listdir(folder + b"/sizes"))
    with open(folder + b"/sizes/%d" % largest, "r+b") as file:
        file.seek(random.randrange(largest))
        file.write(random.randbytes(3000))
