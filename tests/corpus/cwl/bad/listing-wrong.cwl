cwlVersion: v1.2
class: CommandLineTool
baseCommand: cat
requirements:
  InitialWorkDirRequirement:
    listing: [{entryname: a.txt}, 3, {entry: text, entryName: b.txt}]
inputs: []
outputs: []
