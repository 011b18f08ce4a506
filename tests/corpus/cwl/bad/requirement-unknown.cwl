cwlVersion: v1.2
class: CommandLineTool
baseCommand: cat
$namespaces: {cwltool: "http://commonwl.org/cwltool#"}
requirements:
  cwltool:MPIRequirement: {processes: 4}
inputs: []
outputs: []
