#!/usr/bin/env python3
"""Whole commands against `cp`, `find` and, where it is installed, `dvc`: ratios of medians, measured in turn.

    cargo build --release
    python3 tests/bench/whole.py [--dir DIR] [--runs N] [--small] [--only NAME]

Makes its data in DIR (a temporary folder by default, about 12 GiB), prints a Markdown table, removes what it made.
--small takes data a hundred times smaller, to see that the script itself works.
"""
import argparse, os, random, resource, shutil, statistics, subprocess, sys, tempfile, time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ESKER = ROOT / "target" / "release" / "esker"


def run(*words, cwd=None, timed=True):
    """Seconds of wall time and peak memory in MiB of a command, which must succeed."""
    start = time.perf_counter()
    process = subprocess.Popen([str(word) for word in words], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = process.communicate()
    seconds = time.perf_counter() - start
    if process.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))}: exit {process.returncode}\n{err.decode()}")
    return seconds, out


def peak_mib(*words, cwd=None):
    """The largest resident set of a command, in MiB."""
    code = "import resource,subprocess,sys;subprocess.run(sys.argv[1:],stdout=subprocess.DEVNULL,check=True);" \
           "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss//1024)"
    return int(subprocess.run([sys.executable, "-c", code, *map(str, words)], cwd=cwd, capture_output=True, check=True, text=True).stdout)


class Bench:
    def __init__(self, folder, runs, scale):
        self.folder, self.runs, self.scale = Path(folder), runs, scale
        self.rows = []

    def pair(self, name, ours, theirs, target):
        """Times two callables in turn; each prepares itself and returns seconds."""
        mine, other = [], []
        for _ in range(self.runs):
            other.append(theirs())
            mine.append(ours())
        ratio = statistics.median(mine) / statistics.median(other)
        self.row(name, f"{statistics.median(mine):.3f} s", f"{statistics.median(other):.3f} s", f"{ratio:.2f} ×", target)

    def row(self, *cells):
        self.rows.append(cells)
        print("| " + " | ".join(cells) + " |", flush=True)


def make_big(path, mib):
    """Half random bytes, half CSV text."""
    rng = random.Random(1)
    with open(path, "wb") as file:
        for _ in range(mib // 2):
            file.write(rng.randbytes(1 << 20))
        left, row = (mib - mib // 2) << 20, 0
        while left > 0:
            lines = "".join(f"{row + at},2024-0{at % 9 + 1}-1{at % 9},{rng.random():.6f},{rng.randint(0, 99999)},"
                            f"city{rng.randint(0, 500)},{rng.choice('abc')}\n" for at in range(20000)).encode()[:left]
            file.write(lines)
            left, row = left - len(lines), row + 20000


def make_small_files(path, count):
    """Files of 1 to 20 KiB in 100 folders: half of them random bytes, half text."""
    rng = random.Random(2)
    noise, text = rng.randbytes(1 << 20), " ".join(f"word{rng.randint(0, 999)}" for _ in range(200000)).encode()
    for at in range(count):
        folder = path / f"d{at % 100:03}"
        folder.mkdir(parents=True, exist_ok=True)
        size, source = rng.randint(1024, 20480), noise if at % 2 else text
        start = rng.randint(0, len(source) - size)
        (folder / f"f{at:06}").write_bytes(source[start:start + size - 8] + rng.randbytes(8))


def repository(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for words in (["git", "init", "-q"], ["git", "config", "user.email", "b@example.org"], ["git", "config", "user.name", "b"], [ESKER, "init", "-q"]):
        run(*words, cwd=folder)
    return folder


def settle():
    os.sync()
    time.sleep(0.3)


def copy_of(source, to):
    """Seconds that `cp -r` takes."""
    if to.is_dir():
        shutil.rmtree(to)
    elif to.exists():
        to.unlink()
    settle()
    return run("cp", "-r", source, to)[0]


def big_file(bench):
    big, repo, copy = bench.folder / "B", bench.folder / "repo-b", bench.folder / "copy"
    make_big(big, 1024 // bench.scale)

    def add():
        repository(repo)
        shutil.copyfile(big, repo / "B")
        settle()
        return run(ESKER, "add", "B", cwd=repo)[0]

    bench.pair("add B (1 GiB)", add, lambda: copy_of(big, copy), "3 × cp")
    repository(repo)
    shutil.copyfile(big, repo / "B")
    bench.row("add B, peak memory", f"{peak_mib(ESKER, 'add', 'B', cwd=repo)} MiB", "", "", "300 MiB")
    remote = bench.folder / "remote-b"
    run(ESKER, "remote", "add", "origin", remote, cwd=repo)
    run(ESKER, "push", "-q", cwd=repo)
    sizes = size_of(repo / ".git/esker/cache"), size_of(remote)
    content = big.read_bytes()
    (repo / "B").write_bytes(content[:len(content) // 2] + random.Random(3).randbytes(1 << 20) + content[len(content) // 2:])
    run(ESKER, "add", "-q", "B", cwd=repo)
    run(ESKER, "push", "-q", cwd=repo)
    grown = size_of(repo / ".git/esker/cache") - sizes[0], size_of(remote) - sizes[1]
    bench.row("1 MiB inserted into B: cache, remote", f"{grown[0] / 2**20:.2f} MiB", f"{grown[1] / 2**20:.2f} MiB", "", "2 MiB each")
    for path in (repo, remote):
        shutil.rmtree(path)
    dvc(bench, "B", big)
    for path in (big, copy):
        path.unlink()


def size_of(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def dvc(bench, name, source):
    if not shutil.which("dvc"):
        return
    repo = bench.folder / "repo-dvc"

    def prepared():
        shutil.rmtree(repo, ignore_errors=True)
        repo.mkdir()
        run("git", "init", "-q", cwd=repo)
        run("dvc", "init", "-q", cwd=repo)
        run("cp", "-r", source, repo / name)
        settle()

    def theirs():
        prepared()
        return run("dvc", "add", "-q", name, cwd=repo)[0]

    def ours():
        repository(repo)
        run("cp", "-r", source, repo / name)
        settle()
        return run(ESKER, "add", "-q", name, cwd=repo)[0]

    bench.pair(f"add {name} against dvc add", ours, theirs, "0.5 × dvc")
    shutil.rmtree(repo)


def small_files(bench):
    source, repo, copy = bench.folder / "S", bench.folder / "repo-s", bench.folder / "copy"
    make_small_files(source, 100_000 // bench.scale)

    def add():
        repository(repo)
        run("cp", "-r", source, repo / "S")
        settle()
        return run(ESKER, "add", "S", cwd=repo)[0]

    bench.pair("add S (100,000 files)", add, lambda: copy_of(source, copy), "2.5 × cp -r")
    find = lambda: run("find", "S", "-printf", "%p %s %T@\\n", cwd=repo)[0]
    bench.pair("status of S, nothing changed", lambda: run(ESKER, "status", cwd=repo)[0], find, "3 × find")
    bench.pair("second add of S", lambda: run(ESKER, "add", "S", cwd=repo)[0], find, "3 × find")
    run("git", "commit", "-qm", "S", cwd=repo)
    remote = bench.folder / "remote-s"
    run(ESKER, "remote", "add", "origin", remote, cwd=repo)
    run(ESKER, "push", "-q", cwd=repo)
    objects = sum(1 for path in remote.rglob("*") if path.is_file())
    bench.row("push of S: objects written", f"{objects}", "", "", "60 requests")
    shutil.rmtree(remote)
    dvc(bench, "S", source)
    for path in (source, repo, copy):
        shutil.rmtree(path)


def start_up(bench):
    repo = repository(bench.folder / "repo-tiny")
    (repo / "data").mkdir()
    (repo / "data" / "a").write_text("x")
    run(ESKER, "add", "-q", "data", cwd=repo)
    time.sleep(0.1)
    for words in (["--version"], ["status"]):
        times = sorted(run(ESKER, *words, cwd=repo)[0] for _ in range(30))
        bench.row(f"esker {words[0]}, tiny repository", f"{statistics.median(times) * 1000:.1f} ms", "", "", "15 ms")
    shutil.rmtree(repo)


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--dir")
    words.add_argument("--runs", type=int, default=5)
    words.add_argument("--small", action="store_true")
    words.add_argument("--only", choices=["big", "small", "start"])
    asked = words.parse_args()
    os.environ.update(GIT_CONFIG_NOSYSTEM="1", GIT_CONFIG_GLOBAL="/dev/null")
    with tempfile.TemporaryDirectory(dir=asked.dir) as folder:
        bench = Bench(folder, asked.runs, 100 if asked.small else 1)
        bench.row("what", "esker", "other", "ratio", "target")
        bench.row("--", "--", "--", "--", "--")
        for name, part in (("start", start_up), ("big", big_file), ("small", small_files)):
            if asked.only in (None, name):
                part(bench)


if __name__ == "__main__":
    main()
