cwlVersion: v1.2
$graph:
- {id: sort, class: CommandLineTool, baseCommand: sort, inputs: [], outputs: []}
- {id: count, class: CommandLineTool, baseCommand: wc, inputs: [], outputs: []}
