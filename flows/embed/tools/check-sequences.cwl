cwlVersion: v1.2
class: CommandLineTool
doc: |
  Reads every file to its end: well formed, no name twice, no truncated compression, and proteins rather than genes. A fault is told with file, line and column.
requirements:
  InlineJavascriptRequirement: {}
  InitialWorkDirRequirement: {listing: [$(inputs.sequences), $(inputs.probes)]}
  ResourceRequirement: {coresMin: 1, ramMin: 2048}
hints:
  SoftwareRequirement: {packages: {petri: {}}}
baseCommand:
  - bash
  - -euc
  - |
    nucleotides=$1 probes=$2; shift 2
    petri check --kind fasta "$@"
    [ -z "$probes" ] || petri check --kind fasta "$probes"      # by itself: they may be the same sequences
    set -- "$@" ${probes:+"$probes"}
    [ "$nucleotides" = allowed ] || for file in "$@"; do
        case $(petri stats --kind fasta "$file") in
        *'alphabet '*nucleotides*)
            echo "$file: the letters look like nucleotides, not amino acids: translate them first, or give --nucleotides" >&2
            exit 1 ;;
        esac
    done
  - check
inputs:
  sequences: {type: 'File[]', inputBinding: {position: 3, valueFrom: '$(self.map(function (f) { return f.basename; }))'}}
  probes: File?
  nucleotides: boolean
arguments:
  - {position: 1, valueFrom: '$(inputs.nucleotides ? "allowed" : "refused")'}
  - {position: 2, valueFrom: '$(inputs.probes ? inputs.probes.basename : "")'}
outputs:
  checked: stdout
stdout: checked.txt
