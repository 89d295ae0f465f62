#!/usr/bin/env python3
"""Whole commands against `cp`, `find` and, where it is installed, `dvc`: ratios of medians, measured in turn.

    cargo build --release
    python3 tests/bench/whole.py [--dir DIR] [--runs N] [--small] [--only NAME]

Makes its data in DIR (a temporary folder by default, about 20 GiB), prints a Markdown table, removes what it made.
--small takes data a hundred times smaller, to see that the script itself works. Everything is in the page cache, and
every run begins with `sync`; a copy goes to a name that is new, since the removal of many files slows ext4 for a while.
What esker writes is durable when it returns, what `cp` writes is not: so the time of `cp` and `sync` is told beside.
"""
import argparse, itertools, os, shutil, statistics, subprocess, sys, tempfile, time
from pathlib import Path

from data import MIB, change_big, change_files, make_big, make_files, write

ROOT = Path(__file__).resolve().parents[2]
ESKER = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "esker"
FRESH = itertools.count()


def run(*words, cwd=None):
    """Seconds of wall time of a command, which must succeed."""
    start = time.perf_counter()
    process = subprocess.run([str(word) for word in words], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    seconds = time.perf_counter() - start
    if process.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))}: exit {process.returncode}\n{process.stderr.decode()}")
    return seconds


def peak_mib(*words, cwd=None):
    """The largest resident set of a command, in MiB."""
    code = "import resource,subprocess,sys;subprocess.run(sys.argv[1:],stdout=subprocess.DEVNULL,check=True);" \
           "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss//1024)"
    words = [sys.executable, "-c", code, *map(str, words)]
    return int(subprocess.run(words, cwd=cwd, capture_output=True, check=True, text=True).stdout)


def settle():
    os.sync()
    time.sleep(0.3)


def size_of(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def remove(path):
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


class Bench:
    """Where the data lies, how often each command runs, and the rows of the table so far."""

    def __init__(self, folder, runs, scale):
        self.folder, self.runs, self.scale = Path(folder), runs, scale

    def fresh(self, name):
        """A path that nothing had before."""
        return self.folder / f"{name}-{next(FRESH)}"

    def pair(self, name, ours, theirs, target, other="cp"):
        """Times two callables in turn; each prepares itself and returns seconds."""
        times = [(ours(), theirs()) for _ in range(self.runs)]
        self.timed(name, *zip(*times), target, other)

    def timed(self, name, mine, theirs, target, other="cp"):
        """A row of two lists of seconds; those of `copy` are pairs."""
        mine = statistics.median(mine)
        if isinstance(theirs[0], tuple):
            seconds, synced = (statistics.median(column) for column in zip(*theirs))
            told, ratio = f"`{other}` {seconds:.3f} s, with `sync` {synced:.3f} s", f"{mine / seconds:.2f} ×, {mine / synced:.2f} ×"
        else:
            seconds = statistics.median(theirs)
            told, ratio = f"`{other}` {seconds:.3f} s", f"{mine / seconds:.2f} ×"
        self.row(name, f"{mine:.3f} s", told, ratio, target)

    def row(self, *cells):
        print("| " + " | ".join(cells) + " |", flush=True)

    def copy(self, *sources):
        """Seconds that `cp -r` of these takes, to a folder that is new, and seconds until the copy is durable."""
        to = self.fresh("copy")
        to.mkdir()
        settle()
        seconds = run("cp", "-r", *sources, to)
        synced = seconds + run("sync", "-f", to)
        remove(to)
        return seconds, synced

    def repository(self, data=None):
        """A repository with esker in it, and a copy of `data`."""
        repo = self.fresh("repo")
        repo.mkdir()
        for words in (["init", "-q", "-b", "main"], ["config", "user.email", "b@example.org"], ["config", "user.name", "b"]):
            run("git", *words, cwd=repo)
        run(ESKER, "init", "-q", "--no-hooks", cwd=repo)
        if data:
            run("cp", "-r", data, repo / "data")
        return repo

    def timed_add(self, data, keep=False):
        repo = self.repository(data)
        settle()
        seconds = run(ESKER, "add", "-q", "data", cwd=repo)
        if not keep:
            remove(repo)
        return seconds


def commit(repo, tag):
    run("git", "add", "-A", cwd=repo)
    run("git", "commit", "-qm", tag, cwd=repo)
    run("git", "tag", tag, cwd=repo)


def both_versions(bench, name, v1, v2, targets):
    """Every row that B and S have: add, add of a second version, push, pull, checkout and what is stored."""
    bench.pair(f"add {name}", lambda: bench.timed_add(v1), lambda: bench.copy(v1), targets["add"])
    repo = bench.repository(v1)
    bench.row(f"add {name}, peak memory", f"{peak_mib(ESKER, 'add', '-q', 'data', cwd=repo)} MiB", "", "", "256 MiB")
    commit(repo, "v1")
    first = size_of(repo / ".git/esker/cache")
    seconds = second_versions(bench, repo, v1, v2)
    copies = [bench.copy(v1) for _ in seconds]
    bench.timed(f"add {name} v2", seconds, copies, targets["add v2"])
    commit(repo, "v2")
    bench.row(f"cache of {name}: first version, both", f"{first / MIB:.0f}, {size_of(repo / '.git/esker/cache') / MIB:.0f} MiB",
              f"raw {(size(v1) + size(v2)) / MIB:.0f} MiB", "", targets["cache"])
    remote = push_rows(bench, name, repo, v1, v2, targets)
    pull_rows(bench, name, repo, remote, v2, targets)
    checkout_rows(bench, name, repo, v1, targets)
    remove(remote)
    return repo


def size(path):
    return size_of(path) if path.is_dir() else path.stat().st_size


def second_versions(bench, repo, v1, v2):
    """Seconds of an add of the second version, each in a copy of the repository that knows the first."""
    seconds = []
    for at in range(bench.runs):
        last = at == bench.runs - 1
        there = repo if last else bench.fresh("second")
        if not last:
            run("cp", "-a", repo, there)
            run(ESKER, "status", cwd=there)
        update(v2, there / "data")
        settle()
        seconds.append(run(ESKER, "add", "-q", "data", cwd=there))
        if not last:
            remove(there)
    return seconds


def update(source, to):
    """Makes `to` equal to `source`, touching only what differs."""
    if source.is_file():
        shutil.copyfile(source, to)
        return
    theirs, ours = ({path.relative_to(top) for path in top.rglob("*") if path.is_file()} for top in (source, to))
    for path in ours - theirs:
        (to / path).unlink()
    for path in theirs:
        wanted, found = source / path, to / path
        if path not in ours or wanted.stat().st_size != found.stat().st_size or wanted.read_bytes() != found.read_bytes():
            write(found, wanted.read_bytes())


def push_rows(bench, name, repo, v1, v2, targets):
    """Pushes both versions to folder remotes that are new; returns the last of them."""
    remotes = []

    def push():
        for old in remotes:
            remove(old)
        remotes[:] = [bench.fresh("remote")]
        subprocess.run([ESKER, "remote", "remove", "origin"], cwd=repo, capture_output=True)
        run(ESKER, "remote", "add", "origin", remotes[0], cwd=repo)
        settle()
        return run(ESKER, "push", "-q", "--all-commits", cwd=repo)

    bench.pair(f"push {name}, both versions", push, lambda: bench.copy(v1, v2), targets["push"], "cp -r")
    bench.row(f"push {name}, peak memory", f"{again(bench, repo)} MiB", "", "", "256 MiB")
    objects = [path for path in remotes[0].rglob("*") if path.is_file()]
    bench.row(f"remote of {name}, both versions", f"{size_of(remotes[0]) / MIB:.0f} MiB, {len(objects)} objects", "", "", targets["remote"])
    return remotes[0]


def again(bench, repo):
    """Peak memory of a push to one more remote."""
    other = bench.fresh("remote")
    run(ESKER, "remote", "add", "other", other, cwd=repo)
    peak = peak_mib(ESKER, "push", "-q", "--all-commits", "-r", "other", cwd=repo)
    run(ESKER, "remote", "remove", "other", cwd=repo)
    remove(other)
    return peak


def clone_of(bench, repo, remote):
    """A fresh clone, with a remote and nothing of its data."""
    clone = bench.fresh("clone")
    run("git", "clone", "-q", repo, clone)
    subprocess.run([ESKER, "remote", "remove", "origin"], cwd=clone, capture_output=True)
    run(ESKER, "remote", "add", "origin", remote, cwd=clone)
    return clone


def pull_rows(bench, name, repo, remote, v2, targets):
    def pull():
        clone = clone_of(bench, repo, remote)
        settle()
        seconds = run(ESKER, "pull", "-q", cwd=clone)
        remove(clone)
        return seconds

    bench.pair(f"pull {name} in a fresh clone", pull, lambda: bench.copy(v2), targets["pull"], "cp -r")
    clone = clone_of(bench, repo, remote)
    bench.row(f"pull {name}, peak memory", f"{peak_mib(ESKER, 'pull', '-q', cwd=clone)} MiB", "", "", "256 MiB")
    remove(clone)


def checkout_rows(bench, name, repo, v1, targets):
    """From the second version to the first and back: the mean of both."""
    def there_and_back():
        settle()
        away = run(ESKER, "checkout", "-q", "v1", cwd=repo)
        settle()
        return (away + run(ESKER, "checkout", "-q", "v2", cwd=repo)) / 2

    bench.pair(f"checkout v1 ↔ v2 of {name}", there_and_back, lambda: bench.copy(v1), targets["checkout"])


def big_file(bench):
    v1, v2 = bench.folder / "B", bench.folder / "B2"
    make_big(v1, max(1024 // bench.scale, 32))
    shutil.copyfile(v1, v2)
    change_big(v2)
    targets = {"add": "1.5 × cp", "add v2": "0.8 × cp", "push": "1.0 × cp", "pull": "1.5 × cp", "checkout": "1.0 × cp",
               "cache": "1,060 MiB", "remote": "680 MiB"}
    repo = both_versions(bench, "B", v1, v2, targets)
    dvc(bench, "B", v1)
    for path in (v1, v2, repo):
        remove(path)


def small_files(bench):
    v1, v2, count = bench.folder / "S", bench.folder / "S2", 100_000 // bench.scale
    make_files(v1, count, 100, 1024, 20480)
    run("cp", "-a", v1, v2)
    change_files(v2, count, 100)
    targets = {"add": "1.2 × cp", "add v2": "0.3 × cp", "push": "1.0 × cp", "pull": "1.5 × cp", "checkout": "0.15 × cp",
               "cache": "", "remote": ""}
    repo = both_versions(bench, "S", v1, v2, targets)
    status_row(bench, "S", repo)
    dvc(bench, "S", v1)
    for path in (v1, v2, repo):
        remove(path)


def status_row(bench, name, repo):
    find = lambda: run("find", "data", "-printf", "%p %s %T@\\n", cwd=repo)
    run(ESKER, "status", cwd=repo)
    bench.pair(f"status of {name}, nothing changed", lambda: run(ESKER, "status", cwd=repo), find, "1.5 × find", "find")


def million(bench):
    for name, folders in (("M", 1000), ("M in one folder", 0)):
        data, count = bench.folder / "M", 1_000_000 // bench.scale
        data.mkdir()
        make_files(data, count, folders, 100, 2000)
        million_rows(bench, name, data)
        remove(data)


def million_rows(bench, name, data):
    repo = bench.repository()
    data = data.rename(repo / "data")
    settle()
    bench.row(f"add {name}, peak memory", f"{peak_mib(ESKER, 'add', '-q', 'data', cwd=repo)} MiB", "", "", "400 MiB")
    commit(repo, "v1")
    status_row(bench, name, repo)
    bench.row(f"status of {name}, peak memory", f"{peak_mib(ESKER, 'status', cwd=repo)} MiB", "", "", "400 MiB")
    remote = bench.fresh("remote")
    run(ESKER, "remote", "add", "origin", remote, cwd=repo)
    bench.row(f"push {name}, peak memory", f"{peak_mib(ESKER, 'push', '-q', cwd=repo)} MiB", "", "", "400 MiB")
    one_more(bench, name, repo, remote)
    remove(repo)
    remove(remote)


def one_more(bench, name, repo, remote):
    """One file is added to a million, three times, and the last of them pushed."""
    times = []
    for number in range(3):
        if number == 2:
            run(ESKER, "push", "-q", cwd=repo)
            before = {path for path in remote.rglob("*") if path.is_file()}
        (repo / "data" / f"one-more-{number}").write_bytes(b"one more")
        settle()
        times.append((run(ESKER, "status", cwd=repo), run(ESKER, "add", "-q", "data", cwd=repo)))
        commit(repo, f"v{number + 2}")
    status, add = (statistics.median(column) for column in zip(*times))
    push = run(ESKER, "push", "-q", cwd=repo)
    new = [path.stat().st_size for path in remote.rglob("*") if path.is_file() and path not in before]
    bench.row(f"one file added to {name}: add, push", f"{add:.3f} s, {push:.3f} s", f"status {status:.3f} s", "", "status + 50 ms")
    bench.row("… objects and bytes sent", f"{len(new)}, {sum(new) / 1000:.0f} KB", "", "", "6, 300 KB")
    times = sorted(run(ESKER, "diff", "-q", "v1", "v4", cwd=repo) for _ in range(5))
    bench.row("… diff v1 v4, whole command", f"{times[2] * 1000:.0f} ms", "", "", "")


def start_up(bench):
    repo = bench.repository()
    (repo / "data").mkdir()
    (repo / "data" / "a").write_text("x")
    run(ESKER, "add", "-q", "data", cwd=repo)
    time.sleep(0.1)
    for words in (["--version"], ["status"]):
        times = sorted(run(ESKER, *words, cwd=repo) for _ in range(30))
        bench.row(f"esker {words[0]}, tiny repository", f"{statistics.median(times) * 1000:.1f} ms", "", "", "5 ms")
    remove(repo)


def dvc(bench, name, source):
    if not shutil.which("dvc"):
        return

    def theirs():
        repo = bench.fresh("dvc")
        repo.mkdir()
        run("git", "init", "-q", cwd=repo)
        run("dvc", "init", "-q", cwd=repo)
        run("cp", "-r", source, repo / "data")
        settle()
        seconds = run("dvc", "add", "-q", "data", cwd=repo)
        remove(repo)
        return seconds

    bench.pair(f"add {name} against dvc add", lambda: bench.timed_add(source), theirs, "0.5 × dvc", "dvc add")


def many_chunks(bench):
    """A gigabyte in a project whose cache and whose remote know 50 million chunks already: 5 GB of disk."""
    millions = max(1, 50 // bench.scale)
    store = bench.fresh("many")
    many = ["cargo", "bench", "--quiet", "--no-default-features", "--bench", "many", "--"]
    subprocess.run([*many, "make", store, str(millions)], cwd=ROOT, check=True)
    for lookups in (20_000, 200_000, 200_000):
        words = [*many, "look", store, str(millions), str(lookups)]
        told = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        bench.row(f"{lookups} look-ups in {millions} million", told.strip().replace(" | ", "; "), "", "", "2 µs, 256 MiB")
    repo, remote = bench.repository(), bench.fresh("remote")
    for to in (repo / ".git/esker/cache", remote):
        to.parent.mkdir(exist_ok=True)
        run("cp", "-al", store, to)
    make_big(repo / "data", 1024 // bench.scale)
    run(ESKER, "remote", "add", "origin", remote, cwd=repo)
    for words in (["add", "data"], ["status"], ["push"], ["push"], ["status"], ["verify"], ["gc", "--dry-run"]):
        if words == ["push"]:
            subprocess.run(["git", "commit", "-qam", "v"], cwd=repo)
        seconds = time.perf_counter()
        peak = peak_mib(ESKER, *words, cwd=repo)
        row = (f"{' '.join(words)}, beside {millions} million chunks", f"{time.perf_counter() - seconds:.2f} s, {peak} MiB")
        bench.row(*row, "", "", "256 MiB")
    for path in (store, repo, remote):
        remove(path)


PARTS = {"start": start_up, "big": big_file, "small": small_files, "million": million, "many": many_chunks}


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--dir")
    words.add_argument("--runs", type=int, default=5)
    words.add_argument("--small", action="store_true")
    words.add_argument("--only", choices=PARTS)
    asked = words.parse_args()
    os.environ.update(GIT_CONFIG_NOSYSTEM="1", GIT_CONFIG_GLOBAL="/dev/null")
    with tempfile.TemporaryDirectory(dir=asked.dir) as folder:
        bench = Bench(folder, asked.runs, 100 if asked.small else 1)
        bench.row("what", "esker", "other", "ratio", "target")
        bench.row("--", "--", "--", "--", "--")
        for name, part in PARTS.items():
            if asked.only in (None, name):
                part(bench)


if __name__ == "__main__":
    main()
