cwlVersion: v1.2
class: CommandLineTool
doc: |
  All files, one behind the other, into shards of so many sequences. Shards are called by their number, not by the user's files, and are not compressed: a shard of the same
  sequences is the same file, and is not embedded again.
requirements:
  InlineJavascriptRequirement: {}
  ResourceRequirement: {coresMin: 1, ramMin: 256}
hints:
  SoftwareRequirement: {packages: {petri: {}}}
baseCommand:
  - bash
  - -euo
  - pipefail
  - -c
  - |
    size=$1; shift
    for file in "$@"; do    # gzip says 2 for what stands behind its data and is none; sed ends a last line that has no end
        { gzip -dcf -- "$file" || [ $? -eq 2 ]; } | sed '$a\'
    done | petri split - --kind fasta --no-gzip --count "$size" --name sequences --outdir shards
  - split
inputs:
  shard_size: {type: int, inputBinding: {position: 1}}
  sequences: {type: 'File[]', inputBinding: {position: 2}}
outputs:
  shards:
    type: File[]
    outputBinding:
      glob: shards/*.fasta
      outputEval: |
        ${
          function number(file) { return parseInt(/(\d+)\.fasta$/.exec(file.basename)[1], 10); }
          return self.sort(function (a, b) { return number(a) - number(b); });
        }
stdout: shards.txt
