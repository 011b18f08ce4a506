cwlVersion: v1.2
class: Workflow
inputs:
  list: File[]
  more: File
outputs:
  text: {type: {type: array, items: [File, {type: array, items: File}]}, outputSource: [show/text, more]}
steps:
  show:
    run: parts/cat.cwl
    scatter: reads
    in: {reads: list}
    out: [text]
  inner:
    run: parts/empty-workflow.cwl
    in: {x: {valueFrom: a}}
    out: []
