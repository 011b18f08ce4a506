cwlVersion: v1.2
class: Operation
inputs: {$import: "#x"}
outputs: {id: x, a: {$include: 3}, $mixin: "3#x"}
