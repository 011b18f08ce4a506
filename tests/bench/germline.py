# SPDX-License-Identifier: Apache-2.0
"""The germline flow beside the same commands in a shell script written for speed, in Snakemake and (the same documents) in cwltool."""
import json
import os
import shutil

from measuring import HERE, ROOT, Failed, median
from workloads import PARALLEL, Job

SHARED = os.path.join(os.path.dirname(ROOT), "shared/data/germline-chr20")      # five samples over 100 kb, where they are; else the demo's three over 10 kb
FULL = {"NA12878": "NA12878", "HG002": "HG002", "HG001": "HG001w", "NA12891": "NA12891w", "NA12892": "NA12892w"}
PROGRAMS = ("bwa", "fastp", "samtools", "bcftools", "jq")


def data_folder(m):
    """One folder with fixed names, whatever the source is called. Returns it, the samples, and whom the truth is of."""
    small = os.path.join(ROOT, "flows/germline/data")
    if not os.path.isdir(SHARED):
        return small, ["NA12878", "NA12891", "NA12892"], ["NA12878"]
    folder = m.bench.new_folder("data")
    for sample, name in FULL.items():
        for mate in "12":
            shutil.copy("%s/fastq/%s_R%s.fastq.gz" % (SHARED, name, mate), "%s/%s_R%s.fastq.gz" % (folder, sample, mate))
    for source, name in (("ref/chr20s.fa", "chr20s.fa"), ("truth/reads_100kb.bed", "regions.bed"), ("truth/HG001.nist.confident.10kb.chr20s.bed", "confident.bed"),
                         ("truth/HG001.giab332.chr20s.vcf.gz", "truth.vcf.gz")):
        shutil.copy(os.path.join(SHARED, source), os.path.join(folder, name))
    return folder, list(FULL), ["NA12878", "HG001"]


def file(path):
    return {"class": "File", "path": path}


def write_job(path, data, samples, truth_of):
    optional = {"lane": None, "library": None, "platform": None, "sex": None, "family": None}
    rows = [dict(optional, sample=s, fastq_1=file("%s/%s_R1.fastq.gz" % (data, s)), fastq_2=file("%s/%s_R2.fastq.gz" % (data, s))) for s in samples]
    job = {"samples": rows, "reference": file(data + "/chr20s.fa"), "reference_name": "chr20s", "regions": file(data + "/regions.bed"),
           "truth": file(data + "/truth.vcf.gz"), "confident": file(data + "/confident.bed"), "truth_samples": truth_of}
    with open(path, "w", encoding="utf-8") as f:
        json.dump(job, f)
    return path


class Germline:
    def __init__(self, m):
        self.m = m
        self.data, self.samples, self.truth_of = data_folder(m)
        self.job = write_job(os.path.join(m.bench.new_folder("job"), "job.json"), self.data, self.samples, self.truth_of)
        self.flow = os.path.join(ROOT, "flows/germline/germline.cwl")
        self.steps = os.path.join(HERE, "germline_steps.sh")
        self.env = {"DATA": self.data, "PETRI": m.options.petri, "SAMPLES": " ".join(self.samples), "TRUTH_SAMPLES": " ".join(self.truth_of), "CORES": str(PARALLEL),
                    "STEPS": self.steps, "PATH": os.path.dirname(m.options.petri) + ":" + os.environ["PATH"]}

    def petri(self, folder, out="out"):
        return Job([self.m.options.petri, "run", "--quiet", "--outdir", os.path.join(folder, out), self.flow, self.job], folder,
                   env=dict(self.env, PETRI_HOME=os.path.join(folder, "home")))

    def script(self, folder, threads):
        return Job([self.steps, "script"], folder, env=dict(self.env, THREADS=str(threads)))

    def snakemake(self, folder):
        return Job(["snakemake", "--quiet", "--cores", str(PARALLEL), "--snakefile", os.path.join(HERE, "germline.smk")], folder, env=dict(self.env, THREADS="2"))

    def cwltool(self, folder):
        return Job(["cwltool", "--quiet", "--parallel", "--outdir", os.path.join(folder, "out"), self.flow, self.job], folder, env=self.env)

    def time(self, make, *more):
        folder = self.m.bench.new_folder("germline")
        return self.m.bench.time(make(folder, *more))


def rounds_of(m, makers, rounds):
    """Each once a round, so that what disturbs the machine disturbs all alike. Medians; what failed is left out, with a note."""
    samples = {name: [] for name in makers}
    for _ in range(rounds):
        for name in list(samples):
            try:
                samples[name].append(makers[name]())
            except Failed as e:
                m.report.note("failed: %s" % e)
                del samples[name]
    return {name: median(times) for name, times in samples.items()}


def measure(m):
    missing = [p for p in PROGRAMS if not shutil.which(p)]
    if missing:
        m.report.note("left out: %s missing" % ", ".join(missing))
        return
    g = Germline(m)
    makers = {"petri": lambda: g.time(g.petri), "script, bwa -t 1": lambda: g.time(g.script, 1), "script, bwa -t 2": lambda: g.time(g.script, 2)}
    if shutil.which("snakemake"):
        makers["snakemake"] = lambda: g.time(g.snakemake)
    if shutil.which("cwltool"):
        makers["cwltool"] = lambda: g.time(g.cwltool)
    found = rounds_of(m, makers, 3)
    if "petri" not in found:
        m.petri_failed = True
        return
    petri, what = found.pop("petri"), "germline, %d samples" % len(g.samples)
    scripts = [name for name in found if name.startswith("script")]
    best = min(scripts, key=lambda name: found[name].seconds, default=None)
    for name, sample in found.items():
        if name == best or name not in scripts:         # of the two scripts, the faster
            m.report.row(what, petri.seconds, peer=name, peers=sample.seconds, bar=("ratio", "most", 1.1 if name == best else 1.0), peak=petri.peak_bytes, runs=3)
            m.report.row(what + ": processor time", petri.cpu_seconds, peer=name, peers=sample.cpu_seconds, runs=3)
    folder = m.bench.new_folder("again")
    m.bench.time(g.petri(folder))
    again = median([m.bench.time(g.petri(folder, "again%d" % i)) for i in range(5)])
    m.report.row("germline again: nothing to do", again.seconds, bar=("petri", "most", 0.3), peak=again.peak_bytes, runs=5)
