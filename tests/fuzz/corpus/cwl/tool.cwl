cwlVersion: v1.1
class: CommandLineTool
id: '#t'
baseCommand: [a, b]
arguments: [x, {valueFrom: $(runtime.cores), position: $(self), prefix: -p, shellQuote: false}]
requirements:
- {class: SchemaDefRequirement, types: [{name: r, type: record, fields: [{name: f, type: e, inputBinding: {prefix: -f}}]}, {name: e, type: enum, symbols: [a, b]}]}
- {class: InitialWorkDirRequirement, listing: [{entryname: a, entry: $(inputs.x)}, {class: File, location: y}]}
- {class: EnvVarRequirement, envDef: {A: b}}
- {class: ResourceRequirement, coresMin: 2, ramMin: $(inputs.w)}
hints: {DockerRequirement: {dockerPull: debian}, SoftwareRequirement: {packages: {p: [s]}}, cwltool:X: {}}
inputs: {x: r, y: '#e', z: stdin, w: {type: ["null", {type: array, items: int, inputBinding: {}}], default: [1]}}
outputs: {o: {type: File, outputBinding: {glob: "*", outputEval: "$(self[0])"}}, e: stderr}
successCodes: [0, 1]
