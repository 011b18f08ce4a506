class: CommandLineTool
baseCommand: cat
inputs: []
outputs: []
