cwlVersion: v1.2
class: Workflow
$namespaces: {s: https://schema.org/}
s:version: "1.0"
label: Protein sequences into embeddings, an index of neighbours and a map
doc: |
  From protein sequences (FASTA) and a language model to one vector a sequence, an index that finds the nearest neighbours of any sequence, and a report: checks, shards, embedding
  (a task for each shard, which resumes by itself), merging, indexing, and what the sequences and vectors look like.

  The same sequences, model and settings give the same bytes, with any number of threads, however often the run was interrupted. Other shards give the same vectors in other files.
requirements:
  ScatterFeatureRequirement: {}
  StepInputExpressionRequirement: {}
  InlineJavascriptRequirement: {}
inputs:
  sequences: {type: 'File[]', doc: 'Protein sequences, FASTA, plain or gzip; one file or several (name the option again)'}
  model: {type: Directory, doc: 'A protein language model, as petri model pull or init make them'}
  probes: {type: File?, doc: 'Sequences (FASTA) whose nearest neighbours are shown; without it, some of those that were embedded'}
  shard_size: {type: int, default: 1000, doc: Sequences of a shard}
  pooling: {type: string, default: mean, doc: 'What becomes of the residues: mean, cls, mean-all (with cls and eos) or max'}
  layer: {type: int?, doc: 'Hidden states after so many layers; the last without it'}
  dtype: {type: string, default: fp16, doc: 'Numbers in the files: fp16 or fp32'}
  too_long: {type: string, default: windows, doc: 'Sequences longer than the model takes: windows (averaged where they overlap), truncate or error'}
  max_length: {type: int?, doc: 'Residues that the model takes at once; its own limit, or 1022, without it'}
  metric: {type: string, default: cosine, doc: 'How near two vectors are: cosine, dot or l2'}
  index_kind: {type: string, default: auto, doc: 'exact, hnsw (approximate, for millions), or auto: by their number'}
  int8_index: {type: boolean, default: false, doc: 'Keep 8-bit vectors in the index too: exact search is faster, scores are those of the floats'}
  neighbours: {type: int, default: 5, doc: Nearest neighbours of each probe}
  show_ids: {type: boolean, default: true, doc: 'Name sequences in the report; else they are numbered there'}
  nucleotides: {type: boolean, default: false, doc: 'Go on although the letters look like nucleotides'}
  threads: {type: int, default: 2, doc: Threads of one shard}
  index_memory: {type: int, default: 4096, doc: 'Memory for making the index, MiB'}
outputs:
  embeddings: {type: Directory, outputSource: merge/embeddings, doc: 'Vectors (part-NNNNN.npy), names (part-NNNNN.ids.tsv) and manifest.json'}
  index: {type: Directory, outputSource: index/index, doc: For petri index search}
  neighbours_table: {type: File, outputSource: look/neighbours, doc: 'neighbours.tsv: probe, rank, id, score, length'}
  map: {type: File, outputSource: look/map, doc: 'map.tsv: where each sequence lies on the map'}
  statistics: {type: File, outputSource: look/statistics, doc: 'stats.json: every number of the report'}
  report: {type: Directory, outputSource: look/report, doc: The sections of the report}
steps:
  # Everything is looked at before the first step that takes long.
  settings:
    run: tools/settings.cwl
    in:
      sequences: sequences
      probes: probes
      shard_size: shard_size
      pooling: pooling
      dtype: dtype
      too_long: too_long
      max_length: max_length
      metric: metric
      index_kind: index_kind
      int8_index: int8_index
      neighbours: neighbours
      threads: threads
    out: [named_sequences, named_probes]
  check_sequences:
    run: tools/check-sequences.cwl
    in: {sequences: settings/named_sequences, probes: settings/named_probes, nucleotides: nucleotides}
    out: [checked]
  check_model:
    run: tools/check-model.cwl
    in: {model: model}
    out: [memory]
  admit:
    run: tools/admit.cwl
    in: {sequences: settings/named_sequences, probes: settings/named_probes, checked: check_sequences/checked, memory: check_model/memory}
    out: [admitted, admitted_probes]

  split:
    run: tools/split.cwl
    in: {sequences: admit/admitted, shard_size: shard_size}
    out: [shards]
  embed:
    run: tools/embed.cwl
    scatter: shard
    in:
      shard: split/shards
      model: model
      pooling: pooling
      layer: layer
      dtype: dtype
      too_long: too_long
      max_length: max_length
      threads: threads
      memory: check_model/memory
    out: [vectors]
  embed_probes:
    run: tools/embed.cwl
    when: $(inputs.shard !== null)
    in:
      shard: admit/admitted_probes
      model: model
      pooling: pooling
      layer: layer
      dtype: dtype
      too_long: too_long
      max_length: max_length
      threads: threads
      memory: check_model/memory
    out: [vectors]
  merge:
    run: tools/merge.cwl
    in: {shards: embed/vectors}
    out: [embeddings]
  index:
    run: tools/index.cwl
    in: {embeddings: merge/embeddings, metric: metric, kind: index_kind, int8: int8_index, threads: threads, memory: index_memory}
    out: [index]
  look:
    run: tools/look.cwl
    in:
      index: index/index
      embeddings: merge/embeddings
      probes: embed_probes/vectors
      neighbours: neighbours
      show_ids: show_ids
      threads: threads
      memory: index_memory
    out: [neighbours, map, statistics, report]
