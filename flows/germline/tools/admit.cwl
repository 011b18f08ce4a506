cwlVersion: v1.2
class: ExpressionTool
doc: Lets the work begin once everything has been checked. The same reads in two files are refused here.
requirements:
  InlineJavascriptRequirement: {}
inputs:
  programs: File
  refused: {type: File?, doc: 'Never there: what it is of ends the run'}
  digests: {type: {type: array, items: {type: array, items: string}}, doc: 'For each row of the sheet, those of its two files'}
  rows: int[]
  of_samples: string[]?
  reference: {type: File, secondaryFiles: [.fai]}
  samples: string[]
outputs:
  admitted: {type: File, secondaryFiles: [.fai], doc: The reference}
  sample: {type: 'string[]', doc: 'The samples, which begin here'}
  truth_of: {type: 'string[]', doc: The samples that are compared with the truth}
expression: |
  ${
    var seen = {}, faults = [];
    inputs.digests.forEach(function (row, i) {
      row.forEach(function (digest, j) {
        var here = "row " + inputs.rows[i] + ", column fastq_" + (j + 1);
        if (seen[digest]) faults.push(here + ": the same reads as in " + seen[digest] + ", in another file; give each sample its own");
        seen[digest] = here;
      });
    });
    if (faults.length) throw "the inputs are refused:\n" + faults.join("\n");
    return {admitted: inputs.reference, sample: inputs.samples, truth_of: inputs.of_samples || []};
  }
