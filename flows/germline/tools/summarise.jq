# Sections of all samples in, a table out: the first line names the metrics, then one line for each sample.
[sort_by(.order)[] | .id as $section | .blocks[] | select(.kind == "metrics")] as $blocks
| (reduce ($blocks[] | .columns[].id) as $id ([]; if index($id) then . else . + [$id] end)) as $columns
| (reduce ($blocks[] | .rows[]) as $row ({order: [], of: {}};
    (if .of[$row.sample] then . else .order += [$row.sample] end) | .of[$row.sample] += $row.values)) as $samples
| (["sample"] + $columns), ($samples.order[] as $sample | [$sample] + [$columns[] as $c | $samples.of[$sample][$c] | if type == "number" then (. * 1e6 | round) / 1e6 else . end])
| @tsv
