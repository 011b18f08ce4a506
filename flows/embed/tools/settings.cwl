cwlVersion: v1.2
class: ExpressionTool
label: The settings, checked
doc: |
  Refuses settings that cannot be right, all at once, before anything else is done. Files of one name get different ones.
requirements:
  InlineJavascriptRequirement: {}
inputs:
  sequences: File[]
  probes: File?
  shard_size: int
  pooling: string
  dtype: string
  too_long: string
  max_length: int?
  metric: string
  index_kind: string
  int8_index: boolean
  neighbours: int
  threads: int
outputs:
  named_sequences: File[]
  named_probes: File?
expression: |
  ${
    var faults = [];
    // The same bytes by another name. What else the engine knows of the file stays.
    function named(file, name) {
      var out = {"class": "File", "location": file.location, "basename": name};
      if (file.size !== undefined) out.size = file.size;
      return out;
    }
    [["pooling", ["mean", "cls", "mean-all", "max"]], ["dtype", ["fp16", "fp32"]], ["too_long", ["windows", "truncate", "error"]],
     ["metric", ["cosine", "dot", "l2"]], ["index_kind", ["auto", "exact", "hnsw"]]].forEach(function (o) {
      if (o[1].indexOf(inputs[o[0]]) < 0) faults.push("--" + o[0].replace("_", "-") + ": one of " + o[1].join(", ") + " is expected");
    });
    [["shard_size", 1, 65536], ["neighbours", 1, 100], ["threads", 1, 1024]].forEach(function (o) {
      if (inputs[o[0]] < o[1] || inputs[o[0]] > o[2]) faults.push("--" + o[0].replace("_", "-") + ": a number from " + o[1] + " to " + o[2] + " is expected");
    });
    if (inputs.int8_index && inputs.index_kind == "hnsw") faults.push("--int8-index goes with exact search: give --index-kind exact, or leave it out");
    if (inputs.max_length !== null && inputs.max_length < 1) faults.push("--max-length: a number over 0 is expected");
    if (!inputs.sequences.length) faults.push("--sequences: a FASTA file is expected");
    var at = {}, seen = {}, files = inputs.sequences.map(function (file, i) {
      if (at[file.location]) faults.push("--sequences: the same file is given twice, as number " + at[file.location] + " and " + (i + 1));
      at[file.location] = i + 1;
      var name = seen["=" + file.basename] || file.basename == "probes.fasta" ? (i + 1) + "_" + file.basename : file.basename;
      seen["=" + name] = true;
      return named(file, name);
    });
    if (faults.length) throw "the inputs are refused:\n" + faults.join("\n");
    return {named_sequences: files, named_probes: inputs.probes ? named(inputs.probes, "probes.fasta") : null};
  }
