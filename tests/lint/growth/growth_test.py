"""Ten times the file costs at most thirteen times the CPU and 100 MB, in every shape (shapes.py).

CPU times of two runs of the same program are compared, never a time with a clock: what starting costs is taken off both, and where a first look says too
much, the middle one of some runs counts, since others use the machine too. `--table SIZE…` prints the times instead, for any program in REFGATE_BIN.
"""
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from script_shapes import SCRIPT_SHAPES  # noqa: E402
from shapes import CI, SHAPES  # noqa: E402

REFGATE = os.environ["REFGATE_BIN"]
SMALL = 12_000
MOST_GROWTH = 13
MOST_MEMORY = 100 << 20
LEAST = 0.01  # what is less is noise
LONG = 0.2  # of what takes longer, one run says enough
NOTHING = {CI: "on: push\njobs:\n  a: {runs-on: u, steps: [{run: make}]}\n"}


def cost(files, runs=1):
    """CPU seconds and bytes of memory of the cheapest run over a repository of these files."""
    with tempfile.TemporaryDirectory() as folder:
        for path, text in files.items():
            file = pathlib.Path(folder) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        taken = []
        for _ in range(runs):
            child = subprocess.Popen([REFGATE, "lint", folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                     preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (120, 120)))
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            if child.returncode not in (0, 1):
                raise AssertionError(f"ended with {child.returncode}")
            taken.append((usage.ru_utime + usage.ru_stime, usage.ru_maxrss << 10))
            if taken[-1][0] > LONG:
                break
    return min(taken)


class Growth(unittest.TestCase):
    def test_cost_grows_as_the_file_does(self):
        start = statistics.median(cost(NOTHING)[0] for _ in range(9))
        for name, shape in (SHAPES | SCRIPT_SHAPES).items():
            with self.subTest(name):
                small, large = [], []
                for _ in range(7):
                    small += [cost(shape(SMALL))[0] for _ in range(3)]
                    once, memory = cost(shape(10 * SMALL))
                    large.append(once)
                    growth = (statistics.median(large) - start) / max(statistics.median(small) - start, LEAST)
                    if growth <= MOST_GROWTH:
                        break
                self.assertLessEqual(growth, MOST_GROWTH)
                self.assertLessEqual(memory, MOST_MEMORY)

    def test_a_file_that_is_too_large_is_refused_at_once(self):
        start, _ = cost(NOTHING, 3)
        large, memory = cost({CI: NOTHING[CI] + "# " + "x" * 5_000_000 + "\n"})
        self.assertLess(large - start, 20 * max(start, LEAST))
        self.assertLessEqual(memory, MOST_MEMORY)


def table(sizes):
    start, _ = cost(NOTHING, 3)
    for name, shape in (SHAPES | SCRIPT_SHAPES).items():
        rows = [cost(shape(size)) for size in sizes]
        cells = "".join(f"{1000 * (seconds - start):9.0f} ms {memory >> 20:4} MB" for seconds, memory in rows)
        growth = (rows[-1][0] - start) / max(rows[0][0] - start, LEAST)
        print(f"{name:<36}{cells}   x{growth:.1f}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--table"]:
        table([int(size) for size in sys.argv[2:]])
    else:
        unittest.main()
