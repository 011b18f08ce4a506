// SPDX-License-Identifier: Apache-2.0
#pragma once
// A finished folder of embeddings in the formats that other programs read, all parts in one file in the same folder:
//     hdf5          embeddings.h5: a dataset a protein, named by its id, attribute original_id (as UniProt's downloads and bio_embeddings)
//     npz           embeddings.npz: arrays embeddings and ids; per residue also first_row and rows
//     safetensors   embeddings.safetensors: tensors embeddings, ids (text, a line an id); per residue also first_row and rows
//     tsv           embeddings.tsv: id and the numbers; per residue id, place from 1 and the numbers
#include "base/err.h"
#include "model/embed.h"

struct arena;

// Is there such a format, and can it hold this kind?
bool embed_export_check(Str format, enum embed_kind kind, struct err *err) MUST_CHECK;
// Writes the file whole or not at all. The folder must have a manifest.
bool embed_export(struct arena *a, Str dir, Str format, struct err *err) MUST_CHECK;

// The HDF5 library that is opened. Tests put another name here.
extern const char *embed_hdf5_library;
