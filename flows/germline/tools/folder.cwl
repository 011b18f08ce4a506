cwlVersion: v1.2
class: ExpressionTool
doc: 'The results of a sample (or of the joint calls) as a folder: alignment and variants, and below them metrics, truth and report.'
requirements:
  InlineJavascriptRequirement: {}
inputs:
  name: string
  files: {type: 'File[]', doc: With their indexes}
  metrics: File[]
  truth: File[]?
  report: File[]
outputs:
  folder: Directory
expression: |
  ${
    function folder(name, files) { return {"class": "Directory", "basename": name, "listing": files}; }
    var listing = inputs.files.slice();
    listing.push(folder("metrics", inputs.metrics));
    if (inputs.truth && inputs.truth.length) listing.push(folder("truth", inputs.truth));
    listing.push(folder("report", inputs.report));
    return {folder: folder(inputs.name, listing)};
  }
