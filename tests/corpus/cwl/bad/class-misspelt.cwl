cwlVersion: v1.2
class: CommandLinetool
baseCommand: cat
inputs: []
outputs: []
