# SPDX-License-Identifier: Apache-2.0
"""`petri check` and `petri stats` on FASTQ and BAM beside the programs that read them: igzip, which only unpacks, seqkit, fastp, samtools."""
import os
import shutil
import subprocess

from measuring import ROOT, Failed, median
from workloads import Job

SOURCE = os.path.join(ROOT, "flows/germline/data/NA12878_R1.fastq.gz")
REPEATS = 240                                       # of some 2,000 real reads: a hundred megabytes


class Files:
    """The same reads as gzip -6, which is what sequencers' files are, as BGZF, and as BAM without alignments."""

    def __init__(self, m):
        self.m, self.folder = m, m.bench.new_folder("files")
        self.gzip, self.bgzf, self.bam = (os.path.join(self.folder, name) for name in ("r.fastq.gz", "b.fastq.gz", "r.bam"))
        plain = os.path.join(self.folder, "r.fastq")
        lines = subprocess.run(["gzip", "-dc", SOURCE], stdout=subprocess.PIPE, check=True).stdout.splitlines(keepends=True)
        with open(plain, "wb") as f:
            for n in range(REPEATS):                # names differ, so that no record stands there twice; a quality may begin with '@' too
                f.write(b"".join(b"@%d:" % n + line[1:] if i % 4 == 0 else line for i, line in enumerate(lines)))
        self.bytes = os.path.getsize(plain)
        with open(self.gzip, "wb") as f:
            subprocess.run(["gzip", "-6", "-c", plain], stdout=f, check=True)
        subprocess.run([m.options.petri, "subset", plain, "--fraction", "1", "-o", self.bgzf], stderr=subprocess.DEVNULL, check=True)
        if shutil.which("samtools"):
            subprocess.run(["samtools", "import", "-0", plain, "-o", self.bam], stderr=subprocess.DEVNULL, check=True)
        os.unlink(plain)

    def times(self, commands, rounds):
        """Every command once a round. name -> Sample; those that failed are left out."""
        samples = {name: [] for name in commands}
        for _ in range(rounds):
            for name in list(samples):
                try:
                    samples[name].append(self.m.bench.time(Job(commands[name], self.folder)))
                except Failed as e:
                    del samples[name]
                    self.m.petri_failed |= name.startswith("petri")
                    self.m.report.note("failed: %s" % e)
        return {name: median(s) for name, s in samples.items() if s}


def quietly(*command):
    return ["sh", "-c", 'exec "$@" >/dev/null 2>&1', "sh", *command]


def measure_reads(m, files):
    rounds, petri = m.options.rounds, m.options.petri
    commands = {"petri check": [petri, "check", files.gzip], "petri stats": [petri, "stats", files.gzip],
                "petri check, BGZF": [petri, "check", files.bgzf], "igzip": quietly("igzip", "-dc", files.gzip),
                "igzip, BGZF": quietly("igzip", "-dc", files.bgzf)}
    if shutil.which("seqkit"):
        commands["seqkit"] = quietly("seqkit", "stats", "-a", "-j", "2", files.gzip)
    times = files.times(commands, rounds)
    if shutil.which("fastp"):
        times.update(files.times({"fastp": quietly("fastp", "-w", "2", "-i", files.gzip, "-A", "-Q", "-L", "-G", "-j", "/dev/null", "-h", "/dev/null")}, 1))
    labels = {"igzip": "igzip -dc", "igzip, BGZF": "igzip -dc", "seqkit": "seqkit stats -a", "fastp": "fastp, no filters"}
    for name in ("petri check", "petri stats", "petri check, BGZF"):
        for peer in ("igzip, BGZF",) if name.endswith("BGZF") else ("igzip", "seqkit", "fastp"):
            if name in times and peer in times:
                m.report.row("%s, %d MB of FASTQ%s" % (name, files.bytes / 1e6, "" if name.endswith("BGZF") else ", gzip"),
                             files.bytes / times[name].seconds, unit="bytes_per_second", peer=labels[peer], peers=files.bytes / times[peer].seconds,
                             bar=("ratio", "least", 0.9) if "igzip" in peer else None, peak=times[name].peak_bytes, runs=rounds)


def measure_alignments(m, files):
    if not os.path.exists(files.bam):
        return
    petri = m.options.petri
    times = files.times({"petri check": [petri, "check", files.bam], "quickcheck": ["samtools", "quickcheck", "-u", files.bam],
                         "view": quietly("samtools", "view", "-c", "-@", "1", files.bam)}, m.options.rounds)
    for peer, label in (("view", "samtools view -c -@1"), ("quickcheck", "quickcheck: the ends alone")):
        if "petri check" in times and peer in times:
            m.report.row("petri check, every record of a BAM", times["petri check"].seconds, peer=label, peers=times[peer].seconds,
                         peak=times["petri check"].peak_bytes, runs=m.options.rounds)


def measure(m):
    if not shutil.which("igzip"):
        m.report.note("igzip is not installed: files are not measured")
        return
    files = Files(m)
    measure_reads(m, files)
    measure_alignments(m, files)
