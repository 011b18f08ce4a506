cwlVersion: v1.2
class: ExpressionTool
doc: Lets the work begin once everything has been checked. The same reads in two files are refused here.
requirements:
  InlineJavascriptRequirement: {}
inputs:
  programs: File
  reads: {type: 'File[]', loadContents: true, doc: 'For each row of the sheet, the digests of its two files'}
  rows: int[]
  of_samples: string[]?
  reference: {type: File, secondaryFiles: [.fai]}
outputs:
  reference: {type: File, secondaryFiles: [.fai]}
  of_samples: string[]
expression: |
  ${
    var seen = {}, faults = [];
    inputs.reads.forEach(function (file, i) {
      file.contents.trim().split("\n").forEach(function (digest, j) {
        var here = "row " + inputs.rows[i] + ", column fastq_" + (j + 1);
        if (seen[digest]) faults.push(here + ": the same reads as in " + seen[digest] + ", in another file; give each sample its own");
        seen[digest] = here;
      });
    });
    if (faults.length) throw "the inputs are refused:\n" + faults.join("\n");
    return {reference: inputs.reference, of_samples: inputs.of_samples || []};
  }
