cwlVersion: v1.2
class: ExpressionTool
label: The sample sheet, checked and gathered by sample
doc: |
  Refuses a sheet that cannot be right, with row (the header is row 1) and column. Gives every file a name made of the sample's: so it does not matter what the user's files
  are called, and renaming one runs nothing again.
requirements:
  InlineJavascriptRequirement: {}
  SchemaDefRequirement: {types: [{$import: ../types.yml}]}
inputs:
  samples: {type: {type: array, items: '../types.yml#row'}}
  reference: File
  reference_name: string
  reference_version: string?
  regions: File?
  truth: File?
  confident: File?
  truth_samples: string[]?
  ploidy: string
  aligner: string
  caller: string
  alignment_format: string
  min_quality: double
  min_depth: int
  max_depth: int
  threads: int?
outputs:
  named_reference: File
  named_regions: File?
  named_truth: File?
  named_confident: File?
  sample: {type: 'string[]', doc: 'By sample, in the order of the sheet'}
  sex: string[]
  lane: {type: {type: array, items: {type: array, items: string}}, doc: 'By sample, then by lane'}
  fastq_1: {type: {type: array, items: {type: array, items: File}}}
  fastq_2: {type: {type: array, items: {type: array, items: File}}}
  read_group: {type: {type: array, items: {type: array, items: string}}}
  every_row: {type: 'int[]', doc: 'By row of the sheet'}
  every_sample: string[]
  every_names: {type: {type: array, items: {type: array, items: string}}, doc: What the two files of a row are called by the user}
  every_fastq_1: File[]
  every_fastq_2: File[]
expression: |
  ${
    var faults = [];
    function fault(text) { faults.push(text); }
    function at(row, column, text) { fault("row " + row + ", column " + column + ": " + text); }

    // The ending of a FASTQ file as the tools expect it, or nothing.
    function ending(file) {
      var m = /\.(fastq|fq)(\.(gz|bgz))?$/i.exec(file.basename);
      return m ? (m[2] ? ".fastq.gz" : ".fastq") : "";
    }
    // Names that differ in one place only, where this one has a 2 and the other a 1: a_R2.fq and a_R1.fq, a_2.fq and a_1.fq.
    function is_second(name, other) {
      for (var i = 0; i < name.length && name[i] == other[i]; i++) {}
      return name[i] == "2" && other[i] == "1" && /[_.R]$/.test(name.slice(0, i)) && name.slice(i + 1) == other.slice(i + 1);
    }
    // The same bytes by another name. What else the engine knows of the file stays.
    function named(file, name) {
      if (!file) return null;
      var out = {"class": "File", "location": file.location, "basename": name};
      if (file.size !== undefined) out.size = file.size;
      return out;
    }

    var word = /^[A-Za-z0-9][A-Za-z0-9_.+-]*$/, rule = "letters, digits, '_', '.', '+' and '-', beginning with a letter or digit";
    var platforms = ["CAPILLARY", "DNBSEQ", "ELEMENT", "HELICOS", "ILLUMINA", "IONTORRENT", "LS454", "ONT", "PACBIO", "SINGULAR", "SOLID", "ULTIMA"];
    var sexes = {"f": "F", "female": "F", "m": "M", "male": "M", "1": "M", "2": "F", "": "", "unknown": "", "u": "", "other": "", "0": "", ".": ""};
    var samples = [], by_name = {}, seen_file = {}, row_1 = [], row_2 = [], rows = [];

    inputs.samples.forEach(function (r, i) {
      var row = i + 2, columns = ["fastq_1", "fastq_2"];
      if (!word.test(r.sample)) at(row, "sample", "a name of " + rule + " is expected");
      if (r.sample == "joint") at(row, "sample", "'joint' is the folder of the joint calls; give the sample another name");
      ["lane", "library", "family"].forEach(function (c) {
        if (r[c] && !word.test(r[c])) at(row, c, rule + " are expected");
      });
      var platform = (r.platform || "ILLUMINA").toUpperCase(), sex = sexes[(r.sex || "").toLowerCase()];
      if (platforms.indexOf(platform) < 0) at(row, "platform", "one of " + platforms.join(", ") + " is expected");
      if (sex === undefined) at(row, "sex", "female, male or unknown is expected");
      if (/^GRCh/.test(inputs.ploidy) && !sex) at(row, "sex", "ploidy " + inputs.ploidy + " goes by the sex: write female or male, or run with --ploidy 2");
      columns.forEach(function (c) {
        if (/\.(bz2|xz|zst|zip|tar|sra|bam|cram)$/i.test(r[c].basename)) at(row, c, "FASTQ is expected, plain or packed as gzip: unpack or convert the file first");
        else if (!ending(r[c])) at(row, c, "a FASTQ file is expected: its name ends with .fastq, .fq, .fastq.gz or .fq.gz");
        var before = seen_file[r[c].location];
        if (before) at(row, c, "the same file as in " + before + "; every file stands in the sheet once");
        seen_file[r[c].location] = "row " + row + ", column " + c;
      });
      if (is_second(r.fastq_1.basename, r.fastq_2.basename))
        at(row, "fastq_1", "by its name this file holds the second reads, and the one in fastq_2 the first: exchange them");

      var s = by_name["=" + r.sample];
      if (!s) {
        s = by_name["=" + r.sample] = {name: r.sample, row: row, sex: sex, family: r.family || "", lanes: [], by_lane: {}};
        samples.push(s);
      } else if (!r.lane || !s.lanes[0].given) {
        at(row, "sample", "the same sample as in row " + s.row + "; if these are lanes of one sample, tell them apart in a column 'lane', else rename one");
      } else if (s.by_lane["=" + r.lane]) {
        at(row, "lane", "the same lane of the same sample as in row " + s.by_lane["=" + r.lane]);
      } else if (s.sex != sex || s.family != (r.family || "")) {
        at(row, s.sex != sex ? "sex" : "family", "another than in row " + s.row + ", of the same sample");
      }
      if (r.lane) s.by_lane["=" + r.lane] = row;
      var id = r.lane ? r.sample + "." + r.lane : r.sample;
      var lane = {
        given: !!r.lane, id: id,
        fastq_1: named(r.fastq_1, id + "_R1" + ending(r.fastq_1)), fastq_2: named(r.fastq_2, id + "_R2" + ending(r.fastq_2)),
        group: ["@RG", "ID:" + id, "SM:" + r.sample, "LB:" + (r.library || r.sample), "PL:" + platform, "PU:" + id].join("\\t")
      };
      s.lanes.push(lane);
      rows.push(row);
      row_1.push(lane.fastq_1);
      row_2.push(lane.fastq_2);
    });
    if (!samples.length) fault("the sample sheet has no row below its header");

    [["aligner", ["bwa", "minimap2"]], ["caller", ["bcftools", "freebayes"]], ["ploidy", ["1", "2", "GRCh37", "GRCh38"]], ["alignment_format", ["bam", "cram"]]].forEach(function (o) {
      if (o[1].indexOf(inputs[o[0]]) < 0) fault("--" + o[0].replace("_", "-") + " " + inputs[o[0]] + ": one of " + o[1].join(", ") + " is expected");
    });
    [["min_quality", 0, 10000], ["min_depth", 0, 1000000], ["max_depth", 1, 1000000000], ["threads", 1, 1024]].forEach(function (o) {
      var n = inputs[o[0]];
      if (n !== null && n !== undefined && !(n >= o[1] && n <= o[2])) fault("--" + o[0].replace("_", "-") + " " + n + ": a number from " + o[1] + " to " + o[2] + " is expected");
    });
    var version = inputs.reference_version ? "-" + inputs.reference_version : "", vcf = inputs.truth && /\.(vcf|vcf\.gz|vcf\.bgz|bcf)$/i.exec(inputs.truth.basename);
    if (!word.test(inputs.reference_name + version)) fault("--reference-name and --reference-version: " + rule + " are expected");
    if (/\.(gz|bgz|bz2|xz|zip)$/i.test(inputs.reference.basename)) fault("--reference: the FASTA file is compressed; unpack it first (gunzip -k FILE)");
    if (inputs.truth && !vcf) fault("--truth: a name that ends with .vcf, .vcf.gz or .bcf is expected");
    [["regions", inputs.regions], ["confident", inputs.confident]].forEach(function (f) {
      if (f[1] && !/\.bed$/i.test(f[1].basename)) fault("--" + f[0] + ": a name that ends with .bed is expected" + (/gz$/i.test(f[1].basename) ? "; unpack it first" : ""));
    });
    if (inputs.confident && !inputs.truth) fault("--confident says where a truth is complete, but there is no --truth");
    (inputs.truth_samples || []).forEach(function (name) {
      if (!inputs.truth) fault("--truth-samples says whom a truth is of, but there is no --truth");
      else if (!by_name["=" + name]) fault("--truth-samples: '" + name + "' is no sample of the sheet");
    });
    if (inputs.caller == "freebayes" && /^GRCh/.test(inputs.ploidy)) fault("--ploidy " + inputs.ploidy + " needs --caller bcftools; with freebayes it is 1 or 2");
    if (faults.length) {
      for (var text = "the inputs are refused:", n = 0; n < faults.length && (n == 0 || text.length + faults[n].length < 400); n++) text += "\n" + faults[n];
      throw text + (n < faults.length ? "\nand " + (faults.length - n) + " more" : "");
    }

    function each(field) { return samples.map(function (s) { return s[field]; }); }
    function lanes(field) { return samples.map(function (s) { return s.lanes.map(function (l) { return l[field]; }); }); }
    return {
      named_reference: named(inputs.reference, inputs.reference_name + version + ".fa"),
      named_regions: named(inputs.regions, "regions.bed"),
      named_truth: inputs.truth ? named(inputs.truth, "truth." + vcf[1].toLowerCase().replace("bgz", "gz")) : null,
      named_confident: named(inputs.confident, "confident.bed"),
      sample: each("name"), sex: each("sex"), lane: lanes("id"), fastq_1: lanes("fastq_1"), fastq_2: lanes("fastq_2"), read_group: lanes("group"),
      every_row: rows, every_sample: inputs.samples.map(function (r) { return r.sample; }),
      every_names: inputs.samples.map(function (r) { return [r.fastq_1.basename, r.fastq_2.basename]; }), every_fastq_1: row_1, every_fastq_2: row_2
    };
  }
