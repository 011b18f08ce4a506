cwlVersion: v1.2
class: CommandLineTool
doc: One line a variant, of all samples.
baseCommand: [awk, 'BEGIN { OFS = "\t"; print "sample", "position", "reference", "called", "depth" } /^#CHROM/ { sample = $10 } /^#/ { next } { match($8, /DP=[0-9]+/); print sample, $2, $4, $5, substr($8, RSTART + 3, RLENGTH - 3) }']
inputs:
  variants: {type: 'File[]', inputBinding: {position: 1}}
outputs:
  table: stdout
stdout: variants.tsv
