cwlVersion: v1.2
class: Workflow
requirements: {ScatterFeatureRequirement: {}}
inputs:
  reads: File
  list: File[]
outputs:
  text: {type: File, outputSource: show2/text}
steps:
  show:
    run: parts/cat.cwl
    scatter: [reads, raeds]
    scatterMethod: dotproduct
    in: {reads: reads}
    out: [text]
  show2:
    run: parts/cat.cwl
    scatter: reads
    in: {reads: list}
    out: [text]
