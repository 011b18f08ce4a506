# SPDX-License-Identifier: Apache-2.0
"""The section `model`: the forward pass beside the measured peak of the cores, beside a padded one, in 8 bits, beside PyTorch; the start of the
program. PETRI_BENCH_SEQUENCES names a FASTA file to take lengths and letters from; without it, letters are random and lengths like those of
UniRef. PETRI_BENCH_TORCH names a Python that has torch and transformers."""
import glob
import json
import os
import random
import subprocess

from measuring import HERE, ROOT
from workloads import Job

MODELS = (("esm2_t6_8M", 8000, 0.5), ("esm2_t12_35M", 3000, 0.7), ("esm2_t30_150M", 1500, 0.7))       # tokens of a round, bar
ROUNDS = 7
LIBRARIES = ["-lz", "-lcrypto", "-lyaml", "-luv", "-lpthread", "-ldl", "-lm"]


def write_sequences(path):
    r = random.Random(1)
    with open(path, "w") as f:
        for i in range(2000):
            length = int(min(max(r.lognormvariate(5.6, 0.65), 12), 8000))
            f.write(">s%d\n%s\n" % (i, "".join(r.choices("LAGVSERTIDPKQNFYMHWC", k=length))))
    return path


def compile_bench(m):
    program = os.path.join(m.bench.folder, "bench_model")
    sources = [os.path.join(HERE, "bench_model.c")]
    for layer in ("base", "sys", "value", "model"):
        sources += sorted(glob.glob(os.path.join(ROOT, "src", layer, "*.c")))
    m.bench.compile(program, ["-O3", "-std=gnu17", "-D_GNU_SOURCE", "-DPETRI_VERSION=\"bench\"", "-ffp-contract=off", "-fno-strict-aliasing",
                              "-I" + os.path.join(ROOT, "src")] + sources + LIBRARIES)
    return program


def run_json(command):
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def measure_torch(m, folder, sequences, tokens, ours):
    python = os.environ.get("PETRI_BENCH_TORCH")
    if not python:
        return
    theirs = run_json([python, os.path.join(HERE, "model_peer.py"), folder, sequences, str(tokens), "1"])
    m.report.row("  processor time, one thread", ours["cpu"], peer="transformers, torch " + theirs["torch"], peers=theirs["cpu"], bar=("ratio", "most", 0.5))


def measure_int8(m, command, ours):
    """With the best that the processor has; where that is matrix tiles (AMX), with vectors alone as well."""
    small = run_json(command + ["int8", str(ROUNDS)])
    m.report.row("  processor time, 8 bits", small["cpu"], peer="our own, float", peers=ours["cpu"], bar=("ratio", "most", 0.5), runs=ROUNDS)
    if small["kernels"] == "amx":
        small = run_json(command + ["int8-vnni", str(ROUNDS)])
        m.report.row("  processor time, 8 bits, without AMX", small["cpu"], peer="our own, float", peers=ours["cpu"], bar=("ratio", "most", 0.5),
                     runs=ROUNDS)


def measure_model(m, program, name, tokens, bar, sequences):
    """All numbers are medians of rounds, beside the median of the peaks that were measured between them."""
    folder = os.path.join(m.bench.folder, name)
    subprocess.run([m.options.petri, "model", "init", "--like", name, "--seed", "7", folder], check=True)
    for threads in (1, 2):
        got = run_json([program, folder, sequences, str(tokens), str(threads), "float", str(ROUNDS), "padded" if threads == 1 else ""])
        m.report.row("%s, float, %d thread%s" % (name, threads, "s" if threads > 1 else ""), got["gflops_by_cpu"] * 1e9, unit="flop_per_second",
                     peer="peak of the core", peers=got["peak_gflops"] * 1e9, bar=("ratio", "least", bar), runs=ROUNDS)
        if threads == 1:
            m.report.row("  processor time, packed", got["cpu"], peer="our own, padded", peers=got["padded_cpu"], runs=ROUNDS)
            measure_torch(m, folder, sequences, tokens, got)
            measure_int8(m, [program, folder, sequences, str(tokens), "1"], got)


def measure_start(m, sequences):
    folder, one = m.bench.new_folder("embed"), os.path.join(m.bench.folder, "one.fa")
    with open(sequences) as f, open(one, "w") as out:
        out.write(f.readline() + f.readline()[:200])
    times = [m.bench.time(Job([m.options.petri, "embed", "--quiet", one, "--model", os.path.join(m.bench.folder, MODELS[0][0]), "--out",
                               os.path.join(folder, str(i))], folder)).seconds for i in range(7)]
    m.report.row("start to first result, 8M, 200 residues", sorted(times)[3], bar=("petri", "most", 0.05), runs=7)


def measure(m):
    program = compile_bench(m)
    sequences = os.environ.get("PETRI_BENCH_SEQUENCES") or write_sequences(os.path.join(m.bench.folder, "sequences.fa"))
    for name, tokens, bar in MODELS:
        measure_model(m, program, name, tokens, bar, sequences)
    measure_start(m, sequences)
