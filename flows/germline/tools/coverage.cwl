cwlVersion: v1.2
class: CommandLineTool
doc: |
  How deep the reads lie, without duplicates and with mates that overlap counted once: in the regions, or without regions in all of the reference. One file with
  totals, one with how many bases have which depth.
requirements:
  InlineJavascriptRequirement: {}
  InitialWorkDirRequirement: {listing: [$(inputs.alignment), $(inputs.reference), $(inputs.regions)]}
  ResourceRequirement: {coresMin: 1, ramMin: 512}
hints:
  SoftwareRequirement: {packages: {samtools: {}, awk: {}}}
baseCommand:
  - bash
  - -euo
  - pipefail
  - -c
  - |
    samtools depth -a -s --reference "$2" ${4:+-b "$4"} "$1" |
    awk -v OFS='\t' -v name="$3" '
      { bases[$3]++; if ($3 > deepest) deepest = $3 }
      END {
        print "depth", "bases" >(name ".depths.tsv")
        for (d = 0; d <= deepest; d++) if (d in bases) {
          printf "%d\t%.0f\n", d, bases[d] >(name ".depths.tsv")
          all += bases[d]; sum += d * bases[d]
          if (d >= 1) one += bases[d]; if (d >= 10) ten += bases[d]; if (d >= 20) twenty += bases[d]; if (d >= 30) thirty += bases[d]
        }
        print "sample", "bases", "mean_depth", "covered_1", "covered_10", "covered_20", "covered_30" >(name ".coverage.tsv")
        if (all) printf "%s\t%.0f\t%.2f\t%.6f\t%.6f\t%.6f\t%.6f\n", name, all, sum / all, one / all, ten / all, twenty / all, thirty / all >(name ".coverage.tsv")
      }'
  - coverage
inputs:
  alignment:
    type: File
    secondaryFiles: [{pattern: .bai, required: false}, {pattern: .crai, required: false}]
    inputBinding: {position: 1, valueFrom: $(self.basename)}
  reference: {type: File, secondaryFiles: [.fai], inputBinding: {position: 2, valueFrom: $(self.basename)}}
  sample: {type: string, inputBinding: {position: 3}}
  regions: File?
arguments: [{position: 4, valueFrom: '$(inputs.regions ? inputs.regions.basename : "")'}]
outputs:
  coverage: {type: File, outputBinding: {glob: $(inputs.sample).coverage.tsv}}
  depths: {type: File, outputBinding: {glob: $(inputs.sample).depths.tsv}}
