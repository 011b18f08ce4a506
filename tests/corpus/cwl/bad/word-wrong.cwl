cwlVersion: v1.2
class: CommandLineTool
baseCommand: cat
inputs:
  folder: {type: Directory, loadListing: deep}
outputs: []
