cwlVersion: v1.0
$graph:
- {id: main, class: Workflow, inputs: [{id: "#main/a", type: Any}], outputs: [], steps: [{id: "#main/s", run: "#t", in: [{id: "#main/s/a", source: "#main/a"}], out: []}]}
- {id: "#t", class: ExpressionTool, inputs: {a: Any}, outputs: [], expression: "$(null)"}
