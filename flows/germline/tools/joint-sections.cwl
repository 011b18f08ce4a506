cwlVersion: v1.2
class: CommandLineTool
doc: What the joint calls hold, in the form that a report shows.
requirements:
  ResourceRequirement: {coresMin: 1, ramMin: 256}
baseCommand: [jq, -R, -s]
inputs:
  program: {type: File, default: {class: File, location: joint-sections.jq}, inputBinding: {position: 1, prefix: -f}}
  variants: {type: File, inputBinding: {position: 2}}
outputs:
  sections: {type: 'File[]', outputBinding: {glob: joint.petri-report.json}}
stdout: joint.petri-report.json
