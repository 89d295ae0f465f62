"""The data of the benchmarks: B, one big file; S, many small files; M, a million tiny ones; and second versions of them."""
import os, random
from pathlib import Path

MIB = 1 << 20


def make_big(path, mib):
    """One file: half random bytes, half CSV text."""
    rng = random.Random(1)
    with open(path, "wb") as file:
        for _ in range(mib // 2):
            file.write(rng.randbytes(MIB))
        left, row = (mib - mib // 2) * MIB, 0
        while left > 0:
            lines = "".join(f"{row + at},2024-0{at % 9 + 1}-1{at % 9},{rng.random():.6f},{rng.randint(0, 99999)},"
                            f"city{rng.randint(0, 500)},{rng.choice('abc')}\n" for at in range(20000)).encode()[:left]
            file.write(lines)
            left, row = left - len(lines), row + 20000


def change_big(path):
    """1 MiB inserted in the middle, 8 MiB overwritten at three quarters (less of a file that is smaller than 64 MiB)."""
    rng, content = random.Random(3), bytearray(path.read_bytes())
    over = min(8 * MIB, len(content) // 8)
    at = len(content) * 3 // 4
    content[at:at + over] = rng.randbytes(over)
    middle = len(content) // 2
    path.write_bytes(content[:middle] + rng.randbytes(MIB) + content[middle:])


def make_files(path, count, folders, least, most):
    """So many files of `least` to `most` bytes: half of them random bytes, half text, each with 8 bytes of its own."""
    rng = random.Random(2)
    noise, text = rng.randbytes(MIB), " ".join(f"word{rng.randint(0, 999)}" for _ in range(200000)).encode()
    for number in range(folders):
        (path / f"d{number:04}").mkdir(parents=True)
    for at in range(count):
        size, source = rng.randint(least, most), noise if at % 2 else text
        start = rng.randint(0, len(source) - size)
        write(place(path, folders, at), source[start:start + size - 8] + rng.randbytes(8))


def place(path, folders, at):
    """Where file number `at` lies."""
    return path / f"d{at % folders:04}" / f"f{at:07}" if folders else path / f"f{at:07}"


def write(path, content):
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.write(handle, content)
    os.close(handle)


def change_files(path, count, folders):
    """Of 100 files one changes and one comes, and of 200 one goes."""
    rng = random.Random(4)
    for at in rng.sample(range(count), count // 100):
        write(place(path, folders, at), rng.randbytes(5000))
    for at in range(count, count + count // 100):
        write(place(path, folders, at), rng.randbytes(5000))
    for at in rng.sample(range(count), count // 200):
        place(path, folders, at).unlink()
