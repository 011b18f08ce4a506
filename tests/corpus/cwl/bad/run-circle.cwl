cwlVersion: v1.2
class: Workflow
inputs: []
outputs: []
requirements: {SubworkflowFeatureRequirement: {}}
steps:
  again:
    run: run-circle.cwl
    in: []
    out: []
