cwlVersion: v1.2
class: CommandLineTool
label: The truth, written as the calls will be, and whom it is of
doc: |
  The known variants of the first sample of the truth inside the confident regions (and the regions that are called), in the way in which calls are normalised.
  Whom they are of: the samples that the user says, else those of the same name, else the only one there is.
requirements:
  InlineJavascriptRequirement: {}
  InitialWorkDirRequirement: {listing: [$(inputs.truth), $(inputs.reference), $(inputs.regions), $(inputs.confident)]}
  ResourceRequirement: {coresMin: 1, ramMin: 512}
hints:
  SoftwareRequirement: {packages: {bcftools: {}}}
baseCommand:
  - bash
  - -euo
  - pipefail
  - -c
  - |
    truth=$1 reference=$2 regions=$3 confident=$4
    inside() { if [ -n "$1" ]; then bcftools view --no-version -T "$1" -Ou -; else cat; fi; }
    bcftools query -l "$truth" | head -n 1 >names.txt
    if [ ! -s names.txt ]; then echo "--truth: the file has no sample; a truth has the genotypes of one" >&2; exit 1; fi
    bcftools view --no-version -s "$(cat names.txt)" -c 1 -f PASS,. -Ou "$truth" |
    bcftools annotate --no-version -x INFO,^FORMAT/GT -Ou - |
    bcftools norm --no-version -m -any -Ou - |
    bcftools norm --no-version -a -Ou - |
    bcftools norm --no-version -f "$reference" -Ou - |
    bcftools sort -T sorting -Ou - |
    bcftools norm --no-version -d exact -Ou - |
    inside "$confident" | inside "$regions" |
    bcftools view --no-version -c 1 -Ob -o known.bcf -
    bcftools index known.bcf
  - truth
inputs:
  truth: {type: File, inputBinding: {position: 1, valueFrom: $(self.basename)}}
  reference: {type: File, secondaryFiles: [.fai], inputBinding: {position: 2, valueFrom: $(self.basename)}}
  regions: File?
  confident: File?
  samples: string[]
  truth_samples: string[]?
arguments:
  - {position: 3, valueFrom: '$(inputs.regions ? inputs.regions.basename : "")'}
  - {position: 4, valueFrom: '$(inputs.confident ? inputs.confident.basename : "")'}
outputs:
  known: {type: File, secondaryFiles: [.csi], outputBinding: {glob: known.bcf}}
  of_samples:
    type: string[]
    outputBinding:
      glob: names.txt
      loadContents: true
      outputEval: |
        ${
          var names = self[0].contents.split("\n"), same = inputs.samples.filter(function (s) { return names.indexOf(s) >= 0; });
          if (inputs.truth_samples && inputs.truth_samples.length) return inputs.truth_samples;
          if (same.length) return same;
          if (inputs.samples.length == 1) return inputs.samples;
          throw "--truth: its sample is none of the sheet; say with --truth-samples NAME which of the samples it is of";
        }
