# Sections of all samples in, a table out: the first line names the metrics, then one line for each sample, in the order they came.
(reduce (.[].blocks[] | select(.kind == "metrics") | .rows[].sample) as $s ([]; if index([$s]) then . else . + [$s] end)) as $order
| [sort_by(.order)[] | .id as $section | .blocks[] | select(.kind == "metrics")] as $blocks
| (reduce ($blocks[] | .columns[].id) as $id ([]; if index($id) then . else . + [$id] end)) as $columns
| (reduce ($blocks[] | .rows[]) as $row ({}; .[$row.sample] += $row.values)) as $of
| (["sample"] + $columns), ($order[] as $sample | [$sample] + [$columns[] as $c | $of[$sample][$c] | if type == "number" then (. * 1e6 | round) / 1e6 else . end])
| @tsv
