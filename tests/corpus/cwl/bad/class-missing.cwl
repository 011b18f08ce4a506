cwlVersion: v1.2
baseCommand: cat
inputs: []
outputs: []
