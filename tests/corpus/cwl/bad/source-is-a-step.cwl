cwlVersion: v1.2
class: Workflow
inputs:
  reads: File
outputs:
  text: {type: File, outputSource: show}
steps:
  show:
    run: parts/cat.cwl
    in: {reads: reads}
    out: [text]
