cwlVersion: v1.2
class: CommandLineTool
label: Calls against the truth
doc: |
  Every variant that passed, against every known one, inside the regions that the truth was cut to: found, missed, wrong, by kind; and of those found, whether the genotype is
  the same. Both sides are normalised in the same way, so the same variant is the same line.
requirements:
  InlineJavascriptRequirement: {}
  InitialWorkDirRequirement: {listing: [$(inputs.variants), $(inputs.known), $(inputs.regions), $(inputs.confident)]}
  ResourceRequirement: {coresMin: 1, ramMin: 512}
hints:
  SoftwareRequirement: {packages: {bcftools: {}}}
baseCommand:
  - bash
  - -euo
  - pipefail
  - -c
  - |
    variants=$1 known=$2 sample=$3 regions=$4 confident=$5
    inside() { if [ -n "$1" ]; then bcftools view --no-version -T "$1" -Ou -; else cat; fi; }
    bcftools view --no-version -f PASS,. -c 1 -Ou "$variants" | inside "$confident" | inside "$regions" | bcftools view --no-version -Ob -o called.bcf -
    bcftools index called.bcf
    bcftools isec --no-version -c none -Oz -p both called.bcf "$known"
    mv both/0000.vcf.gz "$sample.false-positives.vcf.gz"
    mv both/0001.vcf.gz "$sample.false-negatives.vcf.gz"
    table() { bcftools query -f '%REF\t%ALT[\t%GT]\n' "$1"; }
    { table "$sample.false-positives.vcf.gz" | sed 's/^/wrong\t/'
      table "$sample.false-negatives.vcf.gz" | sed 's/^/missed\t/'
      paste <(table both/0002.vcf.gz) <(table both/0003.vcf.gz) | sed 's/^/found\t/'; } |
    awk -F '\t' -v OFS='\t' '
      # How many copies of the allele a genotype has, and of how many: "0|1" and "1/0" are the same.
      function copies(genotype, parts, n, i, have) { n = split(genotype, parts, /[\/|]/); for (i = 1; i <= n; i++) have += parts[i] == "1"; return have "/" n }
      { kind = length($2) == length($3) ? "SNP" : "indel"; count[kind, $1]++ }
      $1 == "found" && copies($4) == copies($7) { count[kind, "same"]++ }
      function share(part, whole) { return whole ? sprintf("%.6f", part / whole) : "" }
      END {
        print "sample", "type", "found", "missed", "wrong", "precision", "recall", "f1", "genotype_concordance"
        for (i = 1; i <= 2; i++) {
          kind = i == 1 ? "SNP" : "indel"
          tp = count[kind, "found"] + 0; fn = count[kind, "missed"] + 0; fp = count[kind, "wrong"] + 0
          print sample, kind, tp, fn, fp, share(tp, tp + fp), share(tp, tp + fn), share(2 * tp, 2 * tp + fp + fn), share(count[kind, "same"], tp)
        }
      }' sample="$sample" >"$sample.truth.tsv"
  - compare
inputs:
  variants: {type: File, secondaryFiles: [.tbi], inputBinding: {position: 1, valueFrom: $(self.basename)}}
  known: {type: File, secondaryFiles: [.csi], inputBinding: {position: 2, valueFrom: $(self.basename)}}
  sample: {type: string, inputBinding: {position: 3}}
  regions: File?
  confident: File?
arguments:
  - {position: 4, valueFrom: '$(inputs.regions ? inputs.regions.basename : "")'}
  - {position: 5, valueFrom: '$(inputs.confident ? inputs.confident.basename : "")'}
outputs:
  table: {type: File, outputBinding: {glob: $(inputs.sample).truth.tsv}}
  false_positives: {type: File, outputBinding: {glob: $(inputs.sample).false-positives.vcf.gz}}
  false_negatives: {type: File, outputBinding: {glob: $(inputs.sample).false-negatives.vcf.gz}}
