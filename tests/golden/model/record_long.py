#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Records what PyTorch with Hugging Face transformers computes of sequences as long as the models take, in one padded batch with short ones:
`record_long.py PETRI > recorded_long.json`. Models are those that `petri model init --seed 7` makes, in float on a CPU; recorded with Debian 12's
python3-torch (1.13.1) and transformers 4.30.2. Tables are folded (made_up.py) to stay small. tests/e2e/golden_model.test compares."""
import json
import os
import subprocess
import sys
import tempfile

import torch
import transformers
from transformers import AutoConfig

from made_up import folded, sequence

# Name, layers, lengths, layers whose hidden states are recorded.
MODELS = [('esm2_t6_8M', 6, [1, 600, 1022, 77, 256], [1, 3]), ('esm2_t12_35M', 12, [1022, 5, 600], [6]), ('esm1b_t33_650M', 1, [1022, 2, 300], []),
          ('antiberty', 2, [510, 7, 128], [1]), ('balm', 1, [510, 160, 3], []), ('antiberta2', 1, [254, 1, 120], [])]
PREFIX = {'esm': 'Esm', 'bert': 'Bert', 'roberta': 'Roberta', 'roformer': 'RoFormer'}
MASKED = 24                             # residues of the sequence whose every sixth is masked


def rounded(numbers):
    return [float('%.8g' % x) for x in numbers]


def fold(table):
    return rounded(folded(table.double().tolist()))


def ids_of(folder, family):
    with open(os.path.join(folder, 'vocab.txt')) as f:
        words = f.read().split()
    first, last = (next(words.index(w) for w in names if w in words) for names in (('<cls>', '[CLS]', '<s>'), ('<eos>', '[SEP]', '</s>')))
    mask = next(words.index(w) for w in ('<mask>', '[MASK]') if w in words)
    return (lambda letters: [first] + [words.index(letter) for letter in letters] + [last]), mask


def record(petri, folder, like, layers, lengths, early):
    place = os.path.join(folder, like)
    subprocess.run([petri, 'model', 'init', '--like', like, '--layers', str(layers), '--seed', '7', place], check=True, stdout=sys.stderr)
    config = AutoConfig.from_pretrained(place)
    model = getattr(transformers, PREFIX[config.model_type] + 'ForMaskedLM').from_pretrained(place).eval()
    encode, masking = ids_of(place, config.model_type)
    width = max(lengths) + 2
    ids = torch.full((len(lengths), width), config.pad_token_id)
    for i, n in enumerate(lengths):
        ids[i, :n + 2] = torch.tensor(encode(sequence(n)))
    mask = (ids != config.pad_token_id).long()
    found = []
    with torch.no_grad():
        out = model(input_ids=ids, attention_mask=mask, output_hidden_states=True)
        for i, n in enumerate(lengths):
            last = out.hidden_states[-1][i, 1:n + 1]
            one = {'length': n, 'mean': rounded(last.double().mean(0)[:32].tolist()), 'last_residue': rounded(last[-1, :32].tolist()),
                   'hidden': {str(k): fold(out.hidden_states[k][i, 1:n + 1]) for k in early + [layers]}, 'logits': fold(out.logits[i, 1:n + 1])}
            if config.model_type == 'esm':
                one['contacts'] = fold(model.esm.predict_contacts(ids[i:i + 1, :n + 2], mask[i:i + 1, :n + 2])[0])
            found.append(one)
        hidden_from = torch.tensor([encode(sequence(MASKED))])
        hidden_from[0, 3::6] = masking
        logits = model(input_ids=hidden_from).logits[0]
    return {'like': like, 'layers': layers, 'sequences': found, 'masked': {'ids': hidden_from[0].tolist(), 'logits': [rounded(r) for r in logits.tolist()]}}


def main():
    with tempfile.TemporaryDirectory() as folder:
        models = [record(os.path.abspath(sys.argv[1]), folder, *m) for m in MODELS]
    print('{"made_with": "torch %s, transformers %s", "seed": 7, "models": [' % (torch.__version__, transformers.__version__))
    print(',\n'.join(json.dumps(m) for m in models) + ']}')


main()
