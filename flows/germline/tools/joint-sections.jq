# The text of bcftools stats (-R -s) in, the section of the joint calls out.
def table(name): split("\n") | map(select(startswith(name + "\t")) | split("\t"));
def total(what): [.[] | select(.[2] == what) | .[3] | tonumber] | first // 0;
table("SN") as $sn | table("TSTV") as $tstv | table("PSC") as $psc
| {
  petri_report: 1, id: "joint", title: "Variants of all samples together", order: 45,
  summary: "All samples called at once; only variants that passed.",
  blocks: [
    { kind: "table", id: "joint-counts", title: "Sites",
      columns: [{id: "what", title: "Kind", format: "text"}, {id: "count", title: "Variants", format: "integer"}],
      rows: [["SNPs", ($sn | total("number of SNPs:"))], ["indels", ($sn | total("number of indels:"))],
             ["other", ($sn | total("number of others:") + total("number of MNPs:"))]] },
    { kind: "metrics", id: "joint-samples", title: "Genotypes by sample",
      columns: [{id: "joint_het", title: "Heterozygous", format: "integer"}, {id: "joint_hom", title: "Homozygous", format: "integer"},
                {id: "joint_indels", title: "Indels", format: "integer"}, {id: "joint_singletons", title: "In this sample only", format: "integer"},
                {id: "joint_missing", title: "Not called", format: "integer", help: "Sites without enough reads to tell."}],
      rows: [$psc[] | {sample: .[2], values: {joint_hom: (.[4] | tonumber), joint_het: (.[5] | tonumber), joint_indels: (.[8] | tonumber),
                                              joint_singletons: (.[10] | tonumber), joint_missing: (.[13] | tonumber)}}] },
    { kind: "note", level: "info", text: ("Ti/Tv of the joint calls: " + ($tstv[0][4] // "not known") + ".") }
  ]
}
