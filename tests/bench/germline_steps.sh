#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The commands of the germline flow by hand, one step a call: what a shell script and Snakemake run beside Petri. In the current folder; the data
# are in $DATA, bwa's threads are $THREADS. germline_steps.sh STEP [SAMPLE]
set -euo pipefail
program=${BASH_SOURCE[0]}
tools=$(cd "$(dirname "$program")/../../flows/germline/tools" && pwd)
step=$1 sample=${2-}

normalised() {
    bcftools norm --no-version -m -any -Ou "$1" | bcftools norm --no-version -a -Ou - | bcftools norm --no-version -f ref/chr20s.fa -Ou - |
    bcftools sort -T sorting."$2" -Ou - | bcftools norm --no-version -d exact -Ob1 -o "$3" -
}
filtered() {
    bcftools filter --no-version -m + -s LowQual -e 'QUAL<20' -Ou "$1" | bcftools filter --no-version -m + -s LowDepth -e 'INFO/DP<0' -Oz -o "$2" -
    bcftools index -f -t "$2"
}
called() {
    bcftools mpileup --no-version -f ref/chr20s.fa -R "$DATA/regions.bed" -a FORMAT/AD,FORMAT/DP -q 20 -Q 20 -d 1000 -Ou "${@:2}" |
    bcftools call --no-version -mv -a GQ --ploidy 2 -Ob1 -o "$1"
}
inside() { bcftools view --no-version -T "$DATA/confident.bed" -Ou - | bcftools view --no-version -T "$DATA/regions.bed" -Ou -; }
mkdir -p ref "out/${sample:-joint}"
cd_sample=out/${sample:-joint}

case $step in
check_reference) "$PETRI" check --lenient --reference "$DATA/chr20s.fa" "$DATA/chr20s.fa" "$DATA/regions.bed" "$DATA/truth.vcf.gz" "$DATA/confident.bed" >ref/checked ;;
check_reads) "$PETRI" check --json --digest --pair "$DATA/$sample"_R{1,2}.fastq.gz >"$cd_sample/checked.json" ;;
index) cp "$DATA/chr20s.fa" ref/chr20s.fa && samtools faidx ref/chr20s.fa && bwa index ref/chr20s.fa 2>/dev/null ;;
truth)
    bcftools view --no-version -s "$(bcftools query -l "$DATA/truth.vcf.gz" | head -n 1)" -c 1 -f PASS,. -Ou "$DATA/truth.vcf.gz" |
    bcftools annotate --no-version -x INFO,^FORMAT/GT -Ob -o ref/plain.bcf -
    normalised ref/plain.bcf truth ref/all.bcf
    bcftools view -Ou ref/all.bcf | inside | bcftools view --no-version -c 1 -Ob -o ref/known.bcf - && bcftools index -f ref/known.bcf ;;
trim)
    fastp --thread 1 --compression 1 --dont_eval_duplication --html /dev/null --in1 "$DATA/${sample}_R1.fastq.gz" --in2 "$DATA/${sample}_R2.fastq.gz" \
        --out1 "$cd_sample/trimmed_R1.fastq.gz" --out2 "$cd_sample/trimmed_R2.fastq.gz" --json "$cd_sample/fastp.json" --report_title "$sample" ;;
align)
    bwa mem -v 2 -K 100000000 -t "$THREADS" -R "@RG\tID:$sample\tSM:$sample\tLB:$sample\tPL:ILLUMINA\tPU:$sample" ref/chr20s.fa "$cd_sample"/trimmed_R{1,2}.fastq.gz |
    samtools fixmate -m -u - - | samtools sort --no-PG -l 1 -m 768M -T "$cd_sample/sorting" -o "$cd_sample/aligned.bam" - ;;
markdup)
    samtools markdup --no-PG -u -s -f "$cd_sample/duplicates.txt" -T "$cd_sample/marking" "$cd_sample/aligned.bam" - |
    samtools view --no-PG -b --write-index -o "$cd_sample/$sample.bam##idx##$cd_sample/$sample.bam.bai" - ;;
metrics)
    samtools stats --reference ref/chr20s.fa "$cd_sample/$sample.bam" >"$cd_sample/stats.txt" && samtools flagstat "$cd_sample/$sample.bam" >"$cd_sample/flagstat.txt" ;;
coverage)
    samtools depth -a -s --reference ref/chr20s.fa -b "$DATA/regions.bed" "$cd_sample/$sample.bam" |
    awk -v OFS='\t' -v at="$cd_sample" '{ bases[$3]++; if ($3 > deepest) deepest = $3 }
        END { print "depth", "bases" >(at "/depths.tsv")
              for (d = 0; d <= deepest; d++) if (d in bases) {
                  printf "%d\t%.0f\n", d, bases[d] >(at "/depths.tsv"); all += bases[d]; sum += d * bases[d]
                  if (d >= 1) a += bases[d]; if (d >= 10) b += bases[d]; if (d >= 20) c += bases[d]; if (d >= 30) e += bases[d] }
              print "sample", "bases", "mean_depth", "covered_1", "covered_10", "covered_20", "covered_30" >(at "/coverage.tsv")
              printf "%s\t%.0f\t%.2f\t%.6f\t%.6f\t%.6f\t%.6f\n", "x", all, sum / all, a / all, b / all, c / all, e / all >(at "/coverage.tsv") }' ;;
call) called "$cd_sample/calls.bcf" "$cd_sample/$sample.bam" ;;
joint_call) called out/joint/calls.bcf $(for s in $SAMPLES; do echo "out/$s/$s.bam"; done) ;;
normalise) normalised "$cd_sample/calls.bcf" "${sample:-joint}" "$cd_sample/normalised.bcf" ;;
filter) filtered "$cd_sample/normalised.bcf" "$cd_sample/${sample:-joint}.vcf.gz" ;;
count) bcftools stats -f PASS,. -s - -F ref/chr20s.fa "$cd_sample/${sample:-joint}.vcf.gz" >"$cd_sample/vcf-stats.txt" ;;
compare)
    bcftools view --no-version -f PASS,. -c 1 -Ou "$cd_sample/$sample.vcf.gz" | inside | bcftools view --no-version -Ob -o "$cd_sample/called.bcf" -
    bcftools index -f "$cd_sample/called.bcf"
    bcftools isec --no-version -c none -Oz -p "$cd_sample/both" "$cd_sample/called.bcf" ref/known.bcf
    for i in 0 1 2; do bcftools query -f '%REF\t%ALT[\t%GT]\n' "$cd_sample/both/000$i.vcf.gz"; done | wc -l >"$cd_sample/truth.tsv" ;;
sections)
    jq -n -r --arg sample "$sample" --slurpfile trimming "$cd_sample/fastp.json" --rawfile stats "$cd_sample/stats.txt" --rawfile coverage "$cd_sample/coverage.tsv" \
        --rawfile depths "$cd_sample/depths.tsv" --rawfile variants "$cd_sample/vcf-stats.txt" --rawfile comparison /dev/null -f "$tools/sections.jq" |
    while read -r section; do IFS= read -r text; printf '%s\n' "$text" >"$cd_sample/$section.petri-report.json"; done ;;
joint_sections) jq -R -s -f "$tools/joint-sections.jq" out/joint/vcf-stats.txt >out/joint/joint.petri-report.json ;;
summarise) jq -s -r -f "$tools/summarise.jq" out/*/{reads,alignment,variants}.petri-report.json >out/summary.tsv ;;

aligned)    # a sample as far as the joint calls need it
    for s in trim align markdup; do "$program" "$s" "$sample"; done ;;
finished)   # the rest of it, or the joint calls
    if [ "$sample" = joint ]; then for s in joint_call normalise filter count joint_sections; do "$program" "$s"; done; exit; fi
    for s in call metrics coverage normalise filter count sections; do "$program" "$s" "$sample"; done
    case " $TRUTH_SAMPLES " in *" $sample "*) "$program" compare "$sample" ;; esac ;;
script)     # everything, written for speed: what is longest first, as many side by side as there are cores
    "$program" check_reference
    printf '%s\n' $SAMPLES | xargs -P "$CORES" -n 1 "$program" check_reads
    "$program" index
    "$program" truth &
    printf '%s\n' $SAMPLES | xargs -P "$CORES" -n 1 "$program" aligned
    wait
    printf '%s\n' joint $SAMPLES | xargs -P "$CORES" -n 1 "$program" finished
    "$program" summarise ;;
*) echo "there is no step $step" >&2; exit 2 ;;
esac
