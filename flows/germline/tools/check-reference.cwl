cwlVersion: v1.2
class: CommandLineTool
doc: The reference is well formed, and whatever goes with it (regions, truth, confident regions) names its sequences and lies inside them.
requirements:
  InlineJavascriptRequirement: {}
  InitialWorkDirRequirement: {listing: [$(inputs.reference), $(inputs.regions), $(inputs.truth), $(inputs.confident)]}
  ResourceRequirement: {coresMin: 1, ramMin: 256}
hints:
  SoftwareRequirement: {packages: {petri: {}}}
baseCommand: [petri, check, --lenient, --quiet, --max-faults, '2', --refuse, 'line-ends,fasta-lines,fasta-empty-sequence']
inputs:
  reference: File
  regions: File?
  truth: File?
  confident: File?
arguments:
  - {position: 1, prefix: --reference, valueFrom: $(inputs.reference.basename)}
  - position: 2
    valueFrom: |
      ${
        return [inputs.reference, inputs.regions, inputs.truth, inputs.confident]
          .filter(function (f) { return f; }).map(function (f) { return f.basename; });
      }
outputs:
  checked: stdout
stdout: checked.txt
