#!/usr/bin/env python3
"""Cuts the power under esker and looks what is left: scenarios C26, C27 and C37.

    sudo tests/power/cut.py [--esker target/debug/esker] [--tries 10] [--seed 1] [--file-systems ext4,xfs] [--flakey DEVICE]

A file system in a loop-mounted image is shut down (`xfs_io -x -c shutdown`) at a random moment of a verb, or right after its
success: what was never synced is gone. It is mounted again, and then must hold:

- a pointer is old or new, and its data whole; new if `add` had said that it was done;
- a push that was acknowledged is whole: a fresh clone gets every byte;
- each file of the worktree is old, new or absent, and `status` calls no wrong file clean;
- Git still works, and the same verb, run again, ends well.

With --flakey it is a block device, which loses all, that drops every write from that moment on (dm-flakey): see uml.sh.

The second part fills a small file system: an error that names a path, no debris, success once there is room.

It needs root, loop mounts and xfsprogs; where they are missing it says so and ends with 0. Standard library only.
"""

import argparse
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

PROBE_LIMIT_S = 120


class Skip(Exception):
    """What is needed is not there."""


def run(*words, at=None, env=None, ok=True):
    done = subprocess.run([str(word) for word in words], cwd=at, env=env, capture_output=True, timeout=PROBE_LIMIT_S)
    if ok and done.returncode != 0:
        raise AssertionError(f"{words} in {at} ended with {done.returncode}:\n{done.stdout.decode()}{done.stderr.decode()}")
    return done


class Disk:
    """A file system in an image, mounted at `at`."""

    def __init__(self, kind, folder, mebibytes):
        self.kind, self.image, self.at = kind, folder / f"{kind}.img", folder / f"{kind}-disk"
        with open(self.image, "wb") as image:
            image.truncate(mebibytes << 20)
        make = {"ext4": ["mkfs.ext4", "-q", "-F", "-m", "0"], "xfs": ["mkfs.xfs", "-q", "-f"]}[kind]
        self.at.mkdir()
        try:
            run(*make, self.image)
            self.mount()
        except (AssertionError, FileNotFoundError) as error:
            raise Skip(f"no loop mount of {kind}: {error}") from error

    def mount(self):
        run("mount", "-o", "loop", self.image, self.at)

    def unmount(self):
        run("umount", self.at)

    def cut(self):
        """All that was not synced is lost from now on."""
        run("xfs_io", "-x", "-c", "shutdown", self.at)

    def back(self):
        self.unmount()
        self.mount()

    def drop(self):
        run("umount", "-l", self.at, ok=False)
        self.image.unlink(missing_ok=True)


class FlakeyDisk(Disk):
    """The same on `device`, behind a layer that passes writes on until it drops them all."""

    NAME = "esker-power"

    def __init__(self, kind, folder, device):
        self.kind, self.device, self.at = kind, device, folder / f"{kind}-disk"
        self.sectors = run("blockdev", "--getsz", device).stdout.decode().strip()
        run(*{"ext4": ["mkfs.ext4", "-q", "-F", "-m", "0"], "xfs": ["mkfs.xfs", "-q", "-f"]}[kind], device)
        self.at.mkdir()
        self.mount()

    def dm(self, *words):
        run("dmsetup", *words, "--noudevsync")

    def table(self, seconds_up, seconds_down, *features):
        return " ".join(map(str, [0, self.sectors, "flakey", self.device, 0, seconds_up, seconds_down, *features]))

    def mount(self):
        self.dm("create", self.NAME, "--noudevrules", "--table", self.table(3600, 0))
        run("dmsetup", "mknodes")
        run("mount", f"/dev/mapper/{self.NAME}", self.at)

    def unmount(self):
        run("umount", self.at)
        self.dm("remove", self.NAME)

    def cut(self):
        self.dm("suspend", "--nolockfs", self.NAME)
        self.dm("load", self.NAME, "--table", self.table(0, 3600, 1, "drop_writes"))
        self.dm("resume", self.NAME)

    def drop(self):
        run("umount", "-l", self.at, ok=False)
        run("dmsetup", "remove", "--noudevsync", self.NAME, ok=False)


class Scene:
    """A repository `alice` and a folder `remote` on the disk; `probe` and `bob` beside it, where nothing is cut."""

    def __init__(self, esker, disk, outside, seed):
        self.program, self.disk, self.random = esker, disk, random.Random(seed)
        self.outside = outside
        self.alice, self.remote = disk.at / "alice", disk.at / "remote"
        home = outside / "home"
        home.mkdir(exist_ok=True)
        self.env = {
            "PATH": os.environ["PATH"], "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0",
            "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "A",
            "GIT_COMMITTER_EMAIL": "a@example.org",
        }
        self.alice.mkdir()
        self.remote.mkdir()
        self.git("init", "-q", "-b", "main")
        self.esker("init")
        self.esker("remote", "add", "origin", self.remote, "--default")
        self.git("commit", "-q", "-m", "init")
        self.old, self.new = {}, {}

    def git(self, *words, at=None):
        return run("git", "-c", "safe.directory=*", *words, at=at or self.alice, env=self.env).stdout.decode().strip()

    def esker(self, *words, at=None, env=None, ok=True):
        return run(self.program, *words, at=at or self.alice, env={**self.env, **(env or {})}, ok=ok)

    def start(self, *words):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen([self.program, *words], cwd=self.alice, env=self.env, **quiet)

    def bytes(self, size):
        return self.random.randbytes(size)

    def edit(self, synced=True):
        """Another version of `data`, written and, if it matters, synced."""
        new = {}
        for path, content in self.new.items():
            chance = self.random.random()
            if chance > 0.1:
                new[path] = self.bytes(len(content)) if chance < 0.4 else content
        for _ in range(max(5, 60 - len(new))):
            new[f"{self.random.randrange(5)}/{self.random.randrange(1 << 20)}"] = self.bytes(self.random.randrange(20_000))
        new["large"] = self.bytes(9 << 20)
        self.old, self.new = self.new, new
        self.write()
        if synced:
            os.sync()

    def write(self):
        data = self.alice / "data"
        shutil.rmtree(data, ignore_errors=True)
        for path, content in self.new.items():
            (data / path).parent.mkdir(parents=True, exist_ok=True)
            (data / path).write_bytes(content)

    def found(self, root):
        return {str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*") if file.is_file()}

    def names_new(self):
        """Whether the pointer is that of the new version. Its data is read whole, from this cache alone."""
        probe = self.outside / "probe"
        shutil.rmtree(probe, ignore_errors=True)
        self.git("clone", "-q", "--no-hardlinks", self.alice, probe, at=self.outside)
        shutil.copy(self.alice / "data.esker", probe / "data.esker")
        self.esker("checkout", "--no-fetch", at=probe, env={"ESKER_CACHE_DIR": str(self.alice / ".git/esker/cache")})
        found = self.found(probe / "data")
        assert found in (self.old, self.new), "the pointer names what never was"
        return found == self.new

    def fresh_clone_gets_it(self):
        bob = self.outside / "bob"
        shutil.rmtree(bob, ignore_errors=True)
        self.git("clone", "-q", "--no-hardlinks", self.alice, bob, at=self.outside)
        self.esker("pull", at=bob)
        assert self.found(bob / "data") == self.new, "a fresh clone got other bytes"

    def old_new_or_absent(self):
        found = self.found(self.alice / "data")
        for path, content in found.items():
            known = content in (self.old.get(path), self.new.get(path))
            assert known, f"{path} is half: {len(content)} bytes, {content.count(0)} of them zeros"
        return found

    def status_is_honest(self, wanted):
        """`status` finds no difference only if there is none."""
        is_clean = self.esker("status", "--exit-code", ok=False).returncode == 0
        assert not is_clean or self.found(self.alice / "data") == wanted, "status calls a wrong file clean"


def cut_during(scene, words, within_s):
    """Starts a verb and cuts the power: at a random moment, or right after its success. Whether it had succeeded."""
    child = scene.start(*words)
    if scene.random.random() < 0.3:
        child.wait()
    else:
        time.sleep(scene.random.random() * within_s)
    done = child.poll() == 0
    scene.disk.cut()
    child.wait()
    scene.disk.back()
    return done


def timed(work):
    begun = time.monotonic()
    work()
    return time.monotonic() - begun


def try_add(scene, took):
    synced = scene.random.random() < 0.7
    scene.edit(synced)
    done = cut_during(scene, ["add", "data"], took)
    is_new = scene.names_new()
    assert is_new or not done, "add was done, and its pointer is gone"
    scene.status_is_honest(scene.new if is_new else scene.old)
    # What the user wrote a moment before the power went is theirs to lose.
    scene.write()
    took = timed(lambda: scene.esker("add", "data"))
    assert scene.names_new()
    commit(scene)
    return done, took


def commit(scene):
    scene.git("fsck", "--no-dangling")
    scene.git("commit", "-q", "--allow-empty", "-m", "next")
    os.sync()


def try_push(scene, took):
    scene.edit()
    scene.esker("add", "data")
    commit(scene)
    done = cut_during(scene, ["push"], took)
    if done:
        scene.fresh_clone_gets_it()
    took = timed(lambda: scene.esker("push"))
    scene.fresh_clone_gets_it()
    return done, took


def try_checkout(scene, took):
    scene.edit()
    scene.esker("add", "data")
    commit(scene)
    scene.git("checkout", "-q", "--detach", "HEAD~1")
    scene.esker("checkout")
    scene.git("checkout", "-q", "main")
    os.sync()
    done = cut_during(scene, ["checkout"], took)
    scene.old_new_or_absent()
    scene.status_is_honest(scene.new)
    took = timed(lambda: scene.esker("checkout"))
    assert scene.found(scene.alice / "data") == scene.new
    return done, took


def cuts(esker, kind, folder, tries, seed, flakey=None):
    disk = FlakeyDisk(kind, folder, flakey) if flakey else Disk(kind, folder, 1024)
    try:
        scene = Scene(esker, disk, folder, seed)
        scene.edit()
        scene.esker("add", "data")
        commit(scene)
        scene.esker("push")
        for name, attempt in [("add", try_add), ("push", try_push), ("checkout", try_checkout)]:
            took, successes = 0.5, 0
            for number in range(tries):
                try:
                    done, took = attempt(scene, took)
                except AssertionError as error:
                    raise AssertionError(f"{kind}, {name}, try {number} of seed {seed}: {error}") from error
                successes += done
            print(f"power cut, {kind}, {name}: {tries} tries, {successes} right after success, 0 lost, 0 half files", flush=True)
    finally:
        disk.drop()


def debris(scene):
    tmp = scene.alice / ".esker/tmp"
    staged = [path for path in tmp.rglob("*") if path.name != ".gitignore"] if tmp.exists() else []
    beside = [path for path in scene.alice.glob(".*.tmp")] + [path for path in (scene.alice / ".git").glob("index.*")]
    unnamed = [path for store in (scene.alice / ".git/esker/cache", scene.remote) for path in (store / "+tmp").glob("*")]
    return staged + beside + unnamed


def full(esker, kind, folder, seed):
    """Fills the disk before each verb, with ever more room, until it succeeds."""
    disk = Disk(kind, folder, 320)
    told = 0
    try:
        scene = Scene(esker, disk, folder, seed)
        scene.edit()
        scene.esker("add", "data")
        commit(scene)
        scene.esker("push")
        bob = disk.at / "bob"
        scene.git("clone", "-q", scene.alice, bob)
        scene.esker("pull", at=bob)

        def fill(room):
            # A file system keeps some of what it calls free for itself.
            free = os.statvfs(disk.at)
            left = free.f_bavail * free.f_frsize - room
            with open(disk.at / "filling", "wb") as filling:
                while left > 0:
                    try:
                        os.posix_fallocate(filling.fileno(), 0, left)
                        return
                    except OSError:
                        left -= 256 << 10

        def attempts(words, at, check):
            nonlocal told
            for room in (0, 100 << 10, 2 << 20, 6 << 20, 10 << 20, 16 << 20):
                fill(room)
                done = scene.esker(*words, at=at, ok=False)
                (disk.at / "filling").unlink()
                if done.returncode == 0:
                    continue
                said = done.stderr.decode()
                told += 1
                assert done.returncode in (2, 3, 4, 5) and said.startswith("error: ") and "/" in said, (words, said)
                assert "space" in said, said
                assert not debris(scene), (words, room, debris(scene))
                check()
            scene.esker(*words, at=at)

        scene.edit()
        attempts(["add", "data"], scene.alice, scene.names_new)
        assert scene.names_new()
        commit(scene)
        attempts(["push"], scene.alice, lambda: None)
        scene.git("pull", "-q", at=bob)

        def bobs_files():
            found = scene.found(bob / "data")
            assert all(content in (scene.old.get(path), scene.new.get(path)) for path, content in found.items())

        attempts(["pull"], bob, bobs_files)
        assert scene.found(bob / "data") == scene.new
        print(f"disk full, {kind}: {told} errors told, 0 debris, success once there was room", flush=True)
    finally:
        disk.drop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--esker", default="target/debug/esker")
    parser.add_argument("--tries", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--file-systems", default="ext4,xfs")
    parser.add_argument("--flakey", metavar="DEVICE", help="a block device that is overwritten")
    options = parser.parse_args()
    esker = pathlib.Path(options.esker).resolve()
    if os.geteuid() != 0 or not (options.flakey or shutil.which("xfs_io")):
        print("power cut: skipped, it needs root and xfs_io (xfsprogs)")
        return 0
    if not esker.exists():
        print(f"{esker} is not there: cargo build", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="esker-power-") as folder:
        for kind in options.file_systems.split(","):
            try:
                cuts(esker, kind, pathlib.Path(folder), options.tries, options.seed, options.flakey)
                shutil.rmtree(pathlib.Path(folder) / "home")
                (pathlib.Path(folder) / f"{kind}-disk").rmdir()
                if options.flakey:
                    continue
                full(esker, kind, pathlib.Path(folder), options.seed)
                (pathlib.Path(folder) / f"{kind}-disk").rmdir()
                shutil.rmtree(pathlib.Path(folder) / "home")
            except Skip as reason:
                print(f"power cut, {kind}: skipped, {reason}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
