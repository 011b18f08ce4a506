# SPDX-License-Identifier: Apache-2.0
"""The section `vector`: exact search beside the measured peak of the cores, 8-bit and approximate search beside exact search, on made-up embeddings
(bench_vector.c says how they are made). PETRI_BENCH_VECTORS says how many (1,000,000)."""
import glob
import json
import os
import subprocess
import time

import model
from measuring import HERE, ROOT

DIMS, QUERIES, FEW = 320, 1024, 512


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


def measure(m):
    program, rows = compile_bench(m), int(os.environ.get("PETRI_BENCH_VECTORS", "1000000"))
    vectors, queries, few = [os.path.join(m.bench.folder, name) for name in ("vectors.npy", "queries.npy", "few.npy")]
    for path, count, seed in ((vectors, rows, 1), (queries, QUERIES, 2), (few, FEW, 3)):
        subprocess.run([program, "make", path, str(count), str(DIMS), str(seed)], check=True)

    def search(folder, path, threads, how):
        return model.run_json([program, "search", folder, path, str(threads), how])

    folder, took, _ = build(m, vectors, "exact", "--kind", "exact", "--int8")
    m.report.row("%d × %d into an exact index with 8-bit vectors" % (rows, DIMS), took)
    for threads in (1, 2):
        got = search(folder, few, threads, "exact")
        m.report.row("exact, %d thread%s" % (threads, "s" if threads > 1 else ""), got["gflops_by_cpu"] * 1e9, unit="flop_per_second",
                     peer="peak of the core", peers=got["peak_gflops"] * 1e9, bar=("ratio", "least", 0.7))
    small = search(folder, few, 2, "own")
    m.report.row("  processor time, 8 bits", small["cpu"], peer="our own, exact", peers=got["cpu"])
    m.report.row("  opening the index", small["open_ms"] / 1e3, bar=("petri", "most", 0.05))
    folder, took, manifest = build(m, vectors, "hnsw", "--kind", "hnsw")
    m.report.row("hnsw, making the graph", took)
    got = search(folder, queries, 2, "own")
    m.report.row("  a query, %s, two threads" % got["queries"], 1 / got["queries_per_second"], bar=("petri", "most", 0.001))
    m.report.note("hnsw: recall@%d %.3f at ef %d" % tuple(manifest["recall"][key] for key in ("k", "recall", "ef")))
