cwlVersion: v1.2
class: CommandLineTool
doc: Ends the run where reads cannot be used, and says which, by the rows of the sample sheet.
requirements:
  InlineJavascriptRequirement: {}
  ResourceRequirement: {coresMin: 1, ramMin: 64}
baseCommand: [bash, -euc, 'printf "%s\n" "$@" >&2; exit 1', refuse]
inputs:
  rows: int[]
  names: {type: {type: array, items: {type: array, items: string}}, doc: 'For each row, what its two files are called by the user'}
  faults: {type: 'string[]', doc: For each row}
arguments:
  - position: 1
    valueFrom: |
      ${
        var lines = [], shown = 8, files = {};
        inputs.rows.forEach(function (row, i) {
          JSON.parse(inputs.faults[i]).forEach(function (fault) {
            lines.push("row " + row + ", column " + fault.column + " (" + inputs.names[i][fault.column == "fastq_1" ? 0 : 1] + "): " + fault.text);
            files[row + fault.column] = 1;
          });
        });
        var count = Object.keys(files).length, more = lines.length - shown;
        var end = (count == 1 ? "this file" : "these " + count + " files") + " cannot be used as " + (count == 1 ? "it is" : "they are") + "; nothing was begun";
        return lines.slice(0, shown).concat(more > 0 ? ["and " + more + " more"] : [], [end]);
      }
outputs:
  nothing: stdout
stdout: nothing.txt
