# SPDX-License-Identifier: Apache-2.0
"""The section `vector`: exact search beside the measured peak of a core, a single query beside what memory gives, 8-bit and approximate search beside
exact search, on made-up embeddings (bench_vector.c says how they are made). PETRI_BENCH_VECTORS says how many for exact search (1,000,000); graphs
are made of 10,000 and 100,000, and with --million of a million too (minutes)."""
import glob
import json
import os
import shutil
import subprocess
import time

import model
from measuring import HERE, ROOT

DIMS, QUERIES, FEW, ROUNDS = 320, 1024, 512, 7
GRAPHS, MILLION = (10_000, 100_000), 1_000_000


def compile_bench(m):
    program = os.path.join(m.bench.folder, "bench_vector")
    sources = [os.path.join(HERE, "bench_vector.c")]
    for layer in ("base", "sys", "value", "model", "vector"):
        sources += sorted(glob.glob(os.path.join(ROOT, "src", layer, "*.c")))
    m.bench.compile(program, ["-O3", "-std=gnu17", "-D_GNU_SOURCE", "-DPETRI_VERSION=\"bench\"", "-ffp-contract=off", "-fno-strict-aliasing",
                              "-I" + os.path.join(ROOT, "src")] + sources + model.LIBRARIES)
    return program


def build(m, vectors, name, *options):
    """The folder, the seconds it took, and the manifest."""
    folder, start = os.path.join(m.bench.folder, name), time.monotonic()
    subprocess.run([m.options.petri, "index", "build", vectors, "--out", folder, "--quiet", *options], check=True)
    took = time.monotonic() - start
    with open(os.path.join(folder, "manifest.json")) as f:
        return folder, took, json.load(f)


class Data:
    """The program, and the files of vectors that it makes."""

    def __init__(self, m):
        self.m, self.program = m, compile_bench(m)

    def make(self, name, count, seed):
        path = os.path.join(self.m.bench.folder, name + ".npy")
        if not os.path.exists(path):
            subprocess.run([self.program, "make", path, str(count), str(DIMS), str(seed)], check=True)
        return path

    def search(self, folder, queries, threads, how):
        return model.run_json([self.program, "search", folder, queries, str(threads), how, str(ROUNDS)])


def exact(m, data, rows):
    few, one = data.make("few", FEW, 3), data.make("one", 1, 5)
    folder, took, manifest = build(m, data.make("rows-%d" % rows, rows, 1), "exact", "--kind", "exact", "--int8")
    m.report.row("%s × %d into an exact index with 8-bit vectors" % (format(rows, ","), DIMS), took)
    for threads in (1, 2):
        s = "s" if threads > 1 else ""
        got = data.search(folder, few, threads, "exact")
        m.report.row("exact, %d queries at once, %d thread%s" % (FEW, threads, s), got["gflops_by_cpu"] * 1e9, unit="flop_per_second",
                     peer="peak of the core", peers=got["peak_gflops"] * 1e9, bar=("ratio", "least", 0.7), runs=ROUNDS)
        alone = data.search(folder, one, threads, "exact")
        m.report.row("  one query, %d thread%s" % (threads, s), alone["bytes_per_second"], unit="bytes_per_second", peer="reading alone",
                     peers=alone["read_bytes_per_second"], runs=ROUNDS)
    small = data.search(folder, few, 2, "own")
    m.report.row("  processor time, 8 bits", small["cpu"], peer="our own, exact", peers=got["cpu"], runs=ROUNDS)
    m.report.row("  recall@%d, 8 bits" % manifest["recall"]["k"], manifest["recall"]["recall"], unit="times", bar=("petri", "least", 0.95))
    m.report.row("  files of 8-bit vectors", sum(f["size"] for key, f in manifest["files"].items() if key.startswith("code")), unit="bytes",
                 peer="of floats", peers=manifest["files"]["vectors"]["size"])
    m.report.row("  opening the index", small["open_ms"] / 1e3, bar=("petri", "most", 0.05))
    shutil.rmtree(folder)


def graph(m, data, rows):
    folder, took, manifest = build(m, data.make("rows-%d" % rows, rows, 1), "hnsw", "--kind", "hnsw")
    recall = manifest["recall"]
    m.report.row("%s × %d into an hnsw index, two threads" % (format(rows, ","), DIMS), took)
    got = data.search(folder, data.make("queries", QUERIES, 2), 2, "own")
    m.report.row("  a query, %d at ef %d, two threads" % (QUERIES, recall["ef"]), 1 / got["queries_per_second"], bar=("petri", "most", 0.001), runs=ROUNDS)
    m.report.row("  recall@%d" % recall["k"], recall["recall"], unit="times", bar=("petri", "least", 0.95))
    shutil.rmtree(folder)


def measure(m):
    data = Data(m)
    exact(m, data, int(os.environ.get("PETRI_BENCH_VECTORS", str(MILLION))))
    for rows in GRAPHS + ((MILLION,) if m.options.million else ()):
        graph(m, data, rows)
