# SPDX-License-Identifier: Apache-2.0
# The steps of the germline flow as Snakemake has them: the commands are those of germline_steps.sh.
import os
SAMPLES, TRUTH = os.environ["SAMPLES"].split(), os.environ["TRUTH_SAMPLES"].split()
THREADS = int(os.environ["THREADS"])
STEP = os.environ["STEPS"]
rule all:
    input: expand("out/{s}/reads.petri-report.json", s=SAMPLES), expand("out/{s}/truth.tsv", s=TRUTH), "out/joint/joint.petri-report.json", "out/summary.tsv"
rule check_reference:
    output: "ref/checked"
    shell: "{STEP} check_reference"
rule check_reads:
    output: "out/{s}/checked.json"
    shell: "{STEP} check_reads {wildcards.s}"
rule index:
    input: "ref/checked", expand("out/{s}/checked.json", s=SAMPLES)
    output: "ref/chr20s.fa.bwt"
    shell: "{STEP} index"
rule truth:
    input: "ref/chr20s.fa.bwt"
    output: "ref/known.bcf"
    shell: "{STEP} truth"
rule trim:
    input: "ref/chr20s.fa.bwt"
    output: "out/{s}/fastp.json"
    shell: "{STEP} trim {wildcards.s}"
rule align:
    input: "out/{s}/fastp.json"
    output: "out/{s}/aligned.bam"
    threads: THREADS
    shell: "{STEP} align {wildcards.s}"
rule markdup:
    input: "out/{s}/aligned.bam"
    output: "out/{s}/duplicates.txt"
    shell: "{STEP} markdup {wildcards.s}"
rule metrics:
    input: "out/{s}/duplicates.txt"
    output: "out/{s}/stats.txt"
    shell: "{STEP} metrics {wildcards.s}"
rule coverage:
    input: "out/{s}/duplicates.txt"
    output: "out/{s}/coverage.tsv"
    shell: "{STEP} coverage {wildcards.s}"
rule call:
    input: "out/{s}/duplicates.txt"
    output: "out/{s}/calls.bcf"
    wildcard_constraints: s="(?!joint).*"
    shell: "{STEP} call {wildcards.s}"
rule joint_call:
    input: expand("out/{s}/duplicates.txt", s=SAMPLES)
    output: "out/joint/calls.bcf"
    shell: "{STEP} joint_call"
ruleorder: joint_call > call
def of(wildcards):
    return "" if wildcards.s == "joint" else wildcards.s
rule normalise:
    input: "out/{s}/calls.bcf"
    output: "out/{s}/normalised.bcf"
    params: s=of
    shell: "{STEP} normalise {params.s}"
rule filter:
    input: "out/{s}/normalised.bcf"
    output: "out/{s}/{s}.vcf.gz.tbi"
    params: s=of
    shell: "{STEP} filter {params.s}"
rule count:
    input: "out/{s}/{s}.vcf.gz.tbi"
    output: "out/{s}/vcf-stats.txt"
    params: s=of
    shell: "{STEP} count {params.s}"
rule compare:
    input: "out/{s}/{s}.vcf.gz.tbi", "ref/known.bcf"
    output: "out/{s}/truth.tsv"
    shell: "{STEP} compare {wildcards.s}"
rule sections:
    input: "out/{s}/vcf-stats.txt", "out/{s}/stats.txt", "out/{s}/coverage.tsv"
    output: "out/{s}/reads.petri-report.json"
    shell: "{STEP} sections {wildcards.s}"
rule joint_sections:
    input: "out/joint/vcf-stats.txt"
    output: "out/joint/joint.petri-report.json"
    shell: "{STEP} joint_sections"
rule summarise:
    input: expand("out/{s}/reads.petri-report.json", s=SAMPLES)
    output: "out/summary.tsv"
    shell: "{STEP} summarise"
