cwlVersion: v1.2
class: Workflow
requirements: {ScatterFeatureRequirement: {}}
inputs:
  list: File[]
outputs: []
steps:
  show:
    run: parts/cat-all.cwl
    scatter: [reads, name]
    in: {reads: list, name: list}
    out: []
  show2:
    run: parts/cat.cwl
    scatter: reads
    scatterMethod: dot_product
    in: {reads: list}
    out: []
