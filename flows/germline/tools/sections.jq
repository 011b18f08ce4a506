# What a report shows of one sample. In: --arg sample, the reports of fastp by lane (--slurpfile trimming), and as text what samtools stats, the coverage, bcftools stats and
# the comparison with the truth (may be empty) wrote. Out: for each section two lines, its name and its JSON (one call of jq: its start takes longest). The limits stand
# in the columns.

def lines($text): $text | split("\n") | map(select(length > 0));
def table($text; $name): lines($text) | map(select(startswith($name + "\t")) | split("\t"));
def number: if . == null or . == "" or . == "." then null else tonumber end;
def share($part; $whole): if $whole == null or $whole == 0 or $part == null then null else $part / $whole end;
def column($id; $title; $format; $more): {id: $id, title: $title, format: $format} + $more;
def section($id; $title; $order; $summary; $blocks): {petri_report: 1, id: $id, title: $title, order: $order, summary: $summary, blocks: $blocks};
def metrics($id; $title; $columns; $values): {kind: "metrics", id: $id, title: $title, columns: $columns, rows: [{sample: $sample, values: $values}]};
# The rows of a tab-separated text as objects.
def rows($text): lines($text) | map(split("\t")) | .[0] as $names | .[1:] | map([., $names] | transpose | map({key: .[1], value: .[0]}) | from_entries);

$trimming as $lanes
| (reduce $lanes[] as $l ({reads: 0, bases: 0, q30: 0, gc: 0, kept: 0, adapters: 0};
    .reads += $l.summary.before_filtering.total_reads | .bases += $l.summary.before_filtering.total_bases
    | .q30 += $l.summary.before_filtering.q30_bases | .gc += $l.summary.before_filtering.gc_content * $l.summary.before_filtering.total_bases
    | .kept += $l.summary.after_filtering.total_reads | .adapters += ($l.adapter_cutting.adapter_trimmed_reads // 0))) as $reads
| (table($stats; "SN") | map({key: (.[1] | rtrimstr(":")), value: (.[2] | number)}) | from_entries) as $sn
| (table($stats; "IS") | map([(.[1] | number), (.[2] | number)]) | map(select(.[0] > 0))) as $inserts
| (rows($coverage)[0] // {}) as $depth
| (rows($depths) | map([(.depth | number), (.bases | number)])) as $histogram
| (table($variants; "SN") | map({key: (.[2] | rtrimstr(":")), value: (.[3] | number)}) | from_entries) as $counts
| (table($variants; "TSTV")[0]) as $tstv
| (table($variants; "PSC")[0]) as $genotypes
| (table($variants; "IDD") | map([(.[2] | number), (.[3] | number)])) as $indels
| (rows($comparison)) as $truth
| {
  reads: section("reads"; "Reads"; 10; "What the sequencer gave, before and after trimming (fastp).";
    [metrics("reads"; "Reads and bases";
      [column("reads"; "Reads"; "integer"; {help: "Both reads of a pair count.", fail_below: 1}),
       column("bases"; "Bases"; "integer"; {}),
       column("q30"; "Q30"; "percent"; {help: "Bases with a quality of 30 or more.", warn_below: 0.8, fail_below: 0.6}),
       column("gc"; "GC"; "percent"; {}),
       column("kept"; "Kept"; "percent"; {help: "Reads left after trimming.", warn_below: 0.8, fail_below: 0.5}),
       column("adapters"; "With adapter"; "percent"; {help: "Reads from which an adapter was cut.", warn_above: 0.5})];
      {reads: $reads.reads, bases: $reads.bases, q30: share($reads.q30; $reads.bases), gc: share($reads.gc; $reads.bases),
       kept: share($reads.kept; $reads.reads), adapters: share($reads.adapters; $reads.reads)})]),
  alignment: section("alignment"; "Alignment and coverage"; 20; "After duplicates were marked; depth without duplicates, inside the regions where there are some.";
    [metrics("alignment"; "Alignment";
      [column("mapped"; "Mapped"; "percent"; {warn_below: 0.9, fail_below: 0.5}),
       column("proper"; "Proper pairs"; "percent"; {help: "Mates that lie as fragments do.", warn_below: 0.8}),
       column("duplicates"; "Duplicates"; "percent"; {help: "Of the mapped reads. Amplicons have many and mean nothing bad.", warn_above: 0.3}),
       column("mismatches"; "Mismatches"; "percent"; {decimals: 2, warn_above: 0.02}),
       column("insert_size"; "Insert size"; "number"; {unit: "bp", decimals: 0}),
       column("mean_depth"; "Mean depth"; "number"; {unit: "×", decimals: 1, warn_below: 15, fail_below: 5}),
       column("covered_10"; "Covered 10×"; "percent"; {help: "Positions with ten reads or more.", warn_below: 0.9}),
       column("covered_20"; "Covered 20×"; "percent"; {}),
       column("covered_30"; "Covered 30×"; "percent"; {hidden: true})];
      {mapped: share($sn["reads mapped"]; $sn.sequences), proper: share($sn["reads properly paired"]; $sn.sequences),
       duplicates: share($sn["reads duplicated"]; $sn["reads mapped"]), mismatches: $sn["error rate"], insert_size: $sn["insert size average"],
       mean_depth: ($depth.mean_depth | number), covered_10: ($depth.covered_10 | number), covered_20: ($depth.covered_20 | number),
       covered_30: ($depth.covered_30 | number)}),
     {kind: "histogram", id: "insert-sizes", title: "Insert sizes", x: {title: "insert size", unit: "bp"}, y: {title: "pairs"},
      series: [{name: $sample, start: 0, width: 20,
        counts: ([$inserts[] | select(.[0] < 1000)] | reduce .[] as $i ([range(50) | 0]; .[$i[0] / 20 | floor] += $i[1]))}]},
     {kind: "line", id: "depths", title: "How much is covered how deep", x: {title: "depth", unit: "×"}, y: {title: "positions", min: 0, max: 1},
      help: "The share of the positions with this depth or more.",
      series: [{name: $sample, points: (($histogram | map(.[1]) | add) as $all
        | if $all == null then [] else [range(0; 101; 2) as $d | [$d, ([$histogram[] | select(.[0] >= $d) | .[1]] | add // 0) / $all]] end)}]}]),
  variants: section("variants"; "Variants"; 30; "Of each sample by itself; only variants that passed the filters.";
    [metrics("variants"; "Counts";
      [column("snps"; "SNPs"; "integer"; {}), column("indels"; "Indels"; "integer"; {}),
       column("titv"; "Ti/Tv"; "number"; {decimals: 2, help: "About 2.0 to 2.1 over a human genome, 2.8 to 3.3 in its exons."}),
       column("het"; "Heterozygous"; "integer"; {}), column("hom"; "Homozygous"; "integer"; {}),
       column("het_hom"; "Het/hom"; "number"; {decimals: 2, help: "About 1.5 to 2 in a human genome."})];
      {snps: $counts["number of SNPs"], indels: $counts["number of indels"], titv: (if $tstv == null or $tstv[3] == "0" then null else $tstv[4] | number end),
       het: ($genotypes[5] | number), hom: ($genotypes[4] | number), het_hom: share($genotypes[5] | number; $genotypes[4] | number)}),
     {kind: "bars", id: "indel-lengths", title: "Indel lengths", x: {title: "length, deletions negative", unit: "bp"}, y: {title: "indels"},
      categories: ([range(-10; 0), range(1; 11)] | map(if . == -10 then "≤-10" elif . == 10 then "≥10" else tostring end)),
      series: [{name: $sample, values: [([range(-10; 0), range(1; 11)][]) as $n
        | [$indels[] | select((if .[0] < -10 then -10 elif .[0] > 10 then 10 else .[0] end) == $n) | .[1]] | add // 0]}]}])
}
+ if $truth | length == 0 then {} else {
  truth: section("truth"; "Against the truth"; 5; "Where the truth is complete; both sides normalised in the same way.";
    [{kind: "table", id: "comparison", title: "Variants found, missed and wrong",
      columns: [column("sample"; "Sample"; "text"; {}), column("type"; "Type"; "text"; {}), column("found"; "Found"; "integer"; {}),
        column("missed"; "Missed"; "integer"; {}), column("wrong"; "Wrong"; "integer"; {help: "Called, but not in the truth."}),
        column("precision"; "Precision"; "number"; {decimals: 4, warn_below: 0.98, fail_below: 0.8}),
        column("recall"; "Recall"; "number"; {decimals: 4, warn_below: 0.98, fail_below: 0.8}),
        column("f1"; "F1"; "number"; {decimals: 4}),
        column("genotypes"; "Same genotype"; "number"; {decimals: 4, help: "Of the variants found.", warn_below: 0.95})],
      rows: [$truth[] | [.sample, .type, (.found | number), (.missed | number), (.wrong | number), (.precision | number), (.recall | number),
        (.f1 | number), (.genotype_concordance | number)]]},
     metrics("truth"; "By sample"; [$truth[] | (.type | ascii_downcase) as $t | ("precision", "recall") as $what
        | column($t + "_" + $what; .type + " " + $what; "number"; {decimals: 4, headline: true})];
      [$truth[] | (.type | ascii_downcase) as $t | {key: ($t + "_precision"), value: (.precision | number)}, {key: ($t + "_recall"), value: (.recall | number)}] | from_entries)])
} end
| to_entries[] | .key, (.value | tojson)
