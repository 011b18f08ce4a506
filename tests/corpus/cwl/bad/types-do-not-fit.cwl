cwlVersion: v1.2
class: Workflow
inputs:
  reads: File[]
  name: string
  bam: File
outputs:
  count: {type: int, outputSource: show/text}
steps:
  show:
    run: parts/cat.cwl
    in: {reads: reads}
    out: [text]
  show2:
    run: parts/cat.cwl
    in: {reads: name}
    out: []
  all:
    run: parts/cat-all.cwl
    in: {reads: bam, name: bam}
    out: []
