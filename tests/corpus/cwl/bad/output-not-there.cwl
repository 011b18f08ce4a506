cwlVersion: v1.2
class: Workflow
inputs:
  reads: File
outputs:
  text: File
steps:
  show:
    run: parts/cat.cwl
    in: {reads: reads}
    out: [txt]
