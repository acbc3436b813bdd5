#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Real GGUF files, spoilt in thousands of ways, through `moescope-cli info`, for a program (--json) and for people: each
must end within seconds and bounded memory, with what the file holds or with one sentence that says what is wrong.

    mutate_info.py [--cli build/release/bin/moescope-cli] [--count 10000] [--seed 1] [--only NUMBER]

Files: tests/data, the built-in model, and those below MOESCOPE_FIXTURES. Only the head of a file is spoilt; its weights are
a hole. What is found stays in build/mutations.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import random
import re
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOUND = ROOT / "build/mutations"
SECONDS = 10
MEMORY = 512 << 20  # bytes of address space
WIDTHS = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}  # of metadata types
TEXT, LIST = 8, 9
ODD = (0, 1, 2, 7, 31, 33, 0x7F, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 32, 1 << 40, 1 << 56, (1 << 63) - 1,
       1 << 63, (1 << 64) - 1)


class Head:
    """The bytes before a file's weights, and where what stands in them: `fields` are (offset, width) of numbers, lengths,
    counts and types; `entries` and `tensors` are (begin, end)."""

    def __init__(self, path):
        self.name = path.name
        self.size = path.stat().st_size
        self.raw = path.read_bytes()
        self.fields, self.entries, self.tensors = [(4, 4), (8, 8), (16, 8)], [], []
        self.at = 24
        tensors, entries = struct.unpack_from("<QQ", self.raw, 8)
        for _ in range(entries):
            begin = self.at
            self.text()
            self.value(self.number(4))
            self.entries.append((begin, self.at))
        for _ in range(tensors):
            begin = self.at
            self.text()
            for _ in range(self.number(4)):
                self.number(8)
            self.number(4)
            self.number(8)
            self.tensors.append((begin, self.at))
        self.raw = self.raw[:self.at]

    def number(self, width, note=True):
        value = int.from_bytes(self.raw[self.at:self.at + width], "little")
        if note:
            self.fields.append((self.at, width))
        self.at += width
        return value

    def text(self, note=True):
        length = self.number(8, note)
        self.at += length

    def value(self, kind):
        if kind == TEXT:
            self.text()
        elif kind == LIST:
            of, count = self.number(4), self.number(8)
            if of != TEXT:
                self.at += WIDTHS[of] * count
            for i in range(count if of == TEXT else 0):
                self.text(i < 4)
        else:
            self.number(WIDTHS[kind])


def put(data, at, width, value):
    data[at:at + width] = (value & (1 << 8 * width) - 1).to_bytes(width, "little")


def flip(head, data, rng):
    """Bits anywhere in the head; often among its numbers, which are few beside a vocabulary's texts."""
    for _ in range(rng.randint(1, 8)):
        offset, width = rng.choice(head.fields)
        at = rng.randrange(len(data)) if rng.random() < 0.4 else offset + rng.randrange(width)
        if at < len(data):
            data[at] ^= 1 << rng.randrange(8)


def lie(head, data, rng):
    """Lengths, counts, types, sizes and offsets that cannot be, or just are not so."""
    for _ in range(rng.randint(1, 3)):
        offset, width = rng.choice(head.fields)
        old = int.from_bytes(data[offset:offset + width], "little")
        put(data, offset, width, rng.choice([rng.choice(ODD), old + rng.choice((-1, 1, 8)), old * rng.choice((2, 1 << 20))]))


def lie_of_tensor(head, data, rng):
    """The same in one tensor's name, shape, type or offset."""
    begin, end = rng.choice(head.tensors) if head.tensors else (0, 24)
    inside = [field for field in head.fields if begin <= field[0] < end]
    offset, width = rng.choice(inside)
    put(data, offset, width, rng.choice(ODD))


def swap(head, data, rng):
    """Two entries, or two pieces of any size, in each other's place."""
    parts = head.entries + head.tensors
    if rng.random() < 0.5 and len(parts) > 1:
        (a, b), (c, d) = sorted(rng.sample(parts, 2))
    else:
        length = rng.randint(1, 64)
        a, c = sorted((rng.randrange(len(data)), rng.randrange(len(data))))
        b, d = min(a + length, c), min(c + length, len(data))
    data[a:d] = data[c:d] + data[b:c] + data[a:b]


def double(head, data, rng):
    """An entry or a tensor twice, with the count made right or not."""
    field, parts = rng.choice(((16, head.entries), (8, head.tensors or head.entries)))
    begin, end = rng.choice(parts)
    data[end:end] = data[begin:end]
    if rng.random() < 0.8:
        put(data, field, 8, int.from_bytes(data[field:field + 8], "little") + 1)


def drop(head, data, rng):
    """An entry or a tensor gone, with the count made right or not."""
    field, parts = rng.choice(((16, head.entries), (8, head.tensors or head.entries)))
    begin, end = rng.choice(parts)
    del data[begin:end]
    if rng.random() < 0.8:
        put(data, field, 8, int.from_bytes(data[field:field + 8], "little") - 1)


def overwrite(_, data, rng):
    """A stretch of noise, zeros or a copy of another stretch."""
    length = rng.randint(1, 256)
    at, other = rng.randrange(len(data)), rng.randrange(len(data))
    data[at:at + length] = rng.choice((rng.randbytes(length), bytes(length), bytes(data[other:other + length])))


def insert(_, data, rng):
    at = rng.randrange(len(data))
    data[at:at] = rng.randbytes(rng.randint(1, 32))


CHANGES = (flip, lie, lie_of_tensor, swap, double, drop, overwrite, insert)


def spoil(head, rng):
    """(bytes of the head, size of the file): a truncation in one case of eight, else one or two changes."""
    data = bytearray(head.raw)
    if rng.random() < 0.125:
        size = rng.randrange(rng.choice((64, len(data), head.size)))
        return data[:size], size
    for _ in range(rng.choice((1, 1, 2))):
        rng.choice(CHANGES)(head, data, rng)
    return data, max(len(data), head.size + len(data) - len(head.raw))


def judge(result, as_json):
    """What is wrong with how the program ended; None if nothing is."""
    if result.returncode not in (0, 1):
        return f"it ended with {result.returncode}"
    try:
        out, err = result.stdout.decode(), result.stderr.decode()
    except UnicodeDecodeError:
        return "it wrote what is not UTF-8"
    if result.returncode == 0:
        try:
            if err or not (json.loads(out) if as_json else out):
                return f"it told nothing, or complained: {err[:200]}"
        except ValueError:
            return "its JSON is none"
        return None
    if out or err.count("\n") != 1 or not err.endswith(".\n") or len(err) > 2000:
        return f"it is not one sentence: {err[:300]!r}, {out[:100]!r}"
    return "it ran out of memory" if "enough memory" in err else None


class Run:
    def __init__(self, cli, heads, seed, scratch):
        self.cli, self.heads, self.seed, self.scratch = cli, heads, seed, scratch
        self.kinds = collections.Counter()
        self.taken, self.found, self.slowest = 0, 0, 0.0
        self.lock = threading.Lock()

    def one(self, number):
        rng = random.Random(f"{self.seed}/{number}")
        head = rng.choice(self.heads)
        data, size = spoil(head, rng)
        path = self.scratch / f"{number}.gguf"
        with open(path, "wb") as file:
            file.write(data)
            file.truncate(size)
        for options in (["--json"], []):
            start = time.monotonic()
            try:
                result = subprocess.run([self.cli, "info", path, *options], capture_output=True, timeout=SECONDS, check=False)
                wrong = judge(result, bool(options))
                kind = re.sub("“.*?”", "“…”", re.sub(r"\d[\d,.]*", "0", result.stderr.decode(errors="replace"))).strip()
            except subprocess.TimeoutExpired:
                wrong, kind = f"it took more than {SECONDS} s", "hang"
            with self.lock:
                self.slowest = max(self.slowest, time.monotonic() - start)
                self.kinds[kind or "taken"] += 1
                if wrong:
                    self.found += 1
                    FOUND.mkdir(parents=True, exist_ok=True)
                    shutil.copy(path, FOUND / f"{self.seed}-{number}.gguf")
                    print(f"{number} ({head.name}) {' '.join(options)}: {wrong}", flush=True)
        path.unlink()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cli", default=str(ROOT / "build/release/bin/moescope-cli"))
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, metavar="NUMBER", help="this one alone")
    arguments = parser.parse_args()
    paths = [*sorted((ROOT / "tests/data").rglob("*.gguf")), ROOT / "resources/models/nano.gguf"]
    if os.environ.get("MOESCOPE_FIXTURES"):
        paths += sorted(pathlib.Path(os.environ["MOESCOPE_FIXTURES"]).rglob("*.gguf"))
    heads = [Head(path) for path in paths]
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    shared = pathlib.Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="moescope-mutations-", dir=shared if shared.is_dir() else None) as scratch:
        run = Run(arguments.cli, heads, arguments.seed, pathlib.Path(scratch))
        # The programs inherit the limit, which is ample for this one too.
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
        start = time.monotonic()
        if arguments.only is not None:
            run.one(arguments.only)
            print(*run.kinds, sep="\n")
            return 1 if run.found else 0
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(run.one, number) for number in range(arguments.count)]:
                done.result()
        seconds = time.monotonic() - start
    refused = sum(run.kinds.values()) - run.kinds["taken"]
    print(f"{arguments.count} files made of {len(heads)}: {run.kinds['taken']} runs told what is in them, {refused} what is "
          f"wrong, in {len(run.kinds) - 1} sentences; {seconds:.0f} s, the slowest run {run.slowest:.2f} s.")
    missed = min(run.kinds["taken"], refused) * 20 < arguments.count  # the changes missed what they should hit
    print(f"{run.found} findings." + (" Nearly all runs ended alike, so the changes are not what they should be." if missed else ""))
    return 1 if run.found or missed else 0


if __name__ == "__main__":
    sys.exit(main())
