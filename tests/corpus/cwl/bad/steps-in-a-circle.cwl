cwlVersion: v1.2
class: Workflow
inputs: []
outputs: []
steps:
  one:
    run: parts/cat.cwl
    in: {reads: three/text}
    out: [text]
  two:
    run: parts/cat.cwl
    in: {reads: one/text}
    out: [text]
  three:
    run: parts/cat.cwl
    in: {reads: two/text}
    out: [text]
  four:
    run: parts/cat.cwl
    in: {reads: three/text}
    out: [text]
