#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Records what PyTorch with Hugging Face transformers computes for models that `petri model init` makes: `record.py PETRI > recorded.json`.
Needs torch and transformers (recorded with 1.13.1 and 4.30.2, in float on a CPU); tests/e2e/golden_model.test reads the numbers."""
import json
import os
import subprocess
import sys
import tempfile

import torch
import transformers
from transformers import AutoConfig

SEQUENCE = 'MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQAPILSRV'
MODELS = [('esm2_t6_8M', 6, 'mlm'), ('esm2_t12_35M', 2, 'mlm'), ('esm1b_t33_650M', 1, 'mlm'), ('antiberty', 2, 'mlm'), ('balm', 1, 'mlm'),
          ('antiberta2', 1, 'mlm'), ('esm2_t6_8M', 2, 'sequence'), ('antiberty', 2, 'sequence'), ('balm', 1, 'sequence'), ('antiberta2', 1, 'sequence'),
          ('esm2_t6_8M', 2, 'token'), ('antiberty', 2, 'token')]
PREFIX = {'esm': 'Esm', 'bert': 'Bert', 'roberta': 'Roberta', 'roformer': 'RoFormer'}
HEAD = {'mlm': 'ForMaskedLM', 'sequence': 'ForSequenceClassification', 'token': 'ForTokenClassification'}


def record(petri, folder, like, layers, head):
    place = os.path.join(folder, '%s-%s' % (like, head))
    subprocess.run([petri, 'model', 'init', '--like', like, '--layers', str(layers), '--seed', '7', '--head', head, place], check=True)
    config = AutoConfig.from_pretrained(place)
    model = getattr(transformers, PREFIX[config.model_type] + HEAD[head]).from_pretrained(place).eval()
    words = open(os.path.join(place, 'vocab.txt')).read().split()
    first, last = (words.index(next(w for w in names if w in words)) for names in (('<cls>', '[CLS]', '<s>'), ('<eos>', '[SEP]', '</s>')))
    ids = torch.tensor([[first] + [words.index(letter) for letter in SEQUENCE] + [last]])
    mask = torch.ones_like(ids)
    with torch.no_grad():
        out = model(input_ids=ids, attention_mask=mask, output_hidden_states=True)
        numbers = {'mean': out.hidden_states[-1][0, 1:-1].double().mean(0)[:32].tolist()}
        if head == 'sequence':
            numbers['p'] = out.logits[0].double().softmax(-1).tolist()
        elif head == 'token':
            numbers['p'] = out.logits[0, 1:-1].double().softmax(-1).tolist()
        else:
            numbers['logits'] = [out.logits[0, i].tolist() for i in (1, 20, len(SEQUENCE))]
            if config.model_type == 'esm':
                numbers['contacts'] = model.esm.predict_contacts(ids, mask)[0, 3].tolist()
    return dict(numbers, like=like, layers=layers, head=head)


def main():
    with tempfile.TemporaryDirectory() as folder:
        models = [record(os.path.abspath(sys.argv[1]), folder, *m) for m in MODELS]
    rounded = json.loads(json.dumps(models), parse_float=lambda text: float('%.8g' % float(text)))
    json.dump({'made_with': 'torch %s, transformers %s' % (torch.__version__, transformers.__version__), 'seed': 7, 'sequence': SEQUENCE,
               'models': rounded}, sys.stdout, indent=None)
    print()


main()
