cwlVersion: v1.2
class: Workflow
inputs: []
outputs: []
steps:
  align: {}
  sort: sort.cwl
