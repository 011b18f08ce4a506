# SPDX-License-Identifier: Apache-2.0
"""The peer of the forward pass: Hugging Face transformers, eager, float, as its users run it: batches of 4,096 tokens, padded. Prints JSON.
`model_peer.py MODEL FASTA TOKENS THREADS` takes the sequences that bench_model takes."""
import json
import sys
import time

import torch
from transformers import EsmModel

LONGEST, BATCH = 1022, 4096


def sequences(path, tokens):
    found = []
    with open(path) as f:
        for line in f:
            if line.startswith('>'):
                found.append('')
            else:
                found[-1] += line.strip()
    found = [s[:LONGEST] for s in found]
    return found[::max(sum(len(s) + 2 for s in found) // tokens, 1)]


def batches(found):
    batch, longest = [], 0
    for s in found:
        if batch and max(longest, len(s) + 2) * (len(batch) + 1) > BATCH:
            yield batch
            batch, longest = [], 0
        batch.append(s)
        longest = max(longest, len(s) + 2)
    yield batch


def main():
    folder, path, tokens, threads = sys.argv[1:]
    torch.set_num_threads(int(threads))
    model = EsmModel.from_pretrained(folder, add_pooling_layer=False).eval()
    with open(folder + '/vocab.txt') as f:
        ids = {word: i for i, word in enumerate(f.read().split())}
    found = sequences(path, int(tokens))

    def run(batch):
        width = max(map(len, batch)) + 2
        x = torch.full((len(batch), width), ids['<pad>'])
        for i, s in enumerate(batch):
            x[i, :len(s) + 2] = torch.tensor([ids['<cls>']] + [ids.get(c, ids['<unk>']) for c in s] + [ids['<eos>']])
        model(input_ids=x, attention_mask=(x != ids['<pad>']).long())
    with torch.no_grad():
        run(found[:1])
        wall, cpu = time.monotonic(), time.process_time()
        for batch in batches(found):
            run(batch)
    print(json.dumps({'torch': torch.__version__, 'tokens': sum(len(s) + 2 for s in found), 'wall': time.monotonic() - wall,
                      'cpu': time.process_time() - cpu}))


main()
