// SPDX-License-Identifier: Apache-2.0
// Reading sequences must return, whatever the bytes: as FASTA or FASTQ, and as a table. The first byte chooses the name.
#include <unistd.h>

#include "base/arena.h"
#include "model/seqfile.h"
#include "model/vocab.h"
#include "sys/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void encode(struct arena *a, const struct vocab *v, const struct sequence *s)
{
    struct vocab_notes notes;
    int32_t *tokens = NEW_ARRAY(a, int32_t, 2 * s->residues.len + 1);
    uint8_t *is_residue = arena_alloc(a, 2 * s->residues.len + 1);
    int64_t n = vocab_encode(v, s->residues, tokens, is_residue, &notes);
    CHECK(n <= 2 * (int64_t)s->residues.len && notes.residues <= n && notes.unknown <= notes.residues);
    for (int64_t i = 0; i < n; i++)
        CHECK(tokens[i] >= 0 && tokens[i] < v->size);
}

// One folder for all inputs: a new one for each would cost more than reading them.
static char folder[] = "/tmp/petri-fuzz-XXXXXX";

static void remove_folder(void)
{
    struct err err;
    bool removed = tree_remove(str_of(folder), &err);
    CHECK(removed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = { "fuzz", "fuzz.csv", "fuzz.tsv" };
    static bool has_folder;
    struct arena a = { 0 };
    struct vocab v;
    struct sequence s;
    struct err err = { 0 };
    bool end = false;
    if (size == 0)
        return 0;
    if (!has_folder) {
        CHECK(mkdtemp(folder) != NULL);
        atexit(remove_folder);
        has_folder = true;
    }
    Str path = str_printf(&a, "%s/%s", folder, names[data[0] % 3]);
    FILE *f = fopen(path.data, "wb");
    CHECK(f && fwrite(data + 1, 1, size - 1, f) == size - 1 && fclose(f) == 0);
    vocab_default(&a, config_known(STR("esm2_t6_8M")), &v);
    struct seqfile *file = seqfile_open(path, (enum seqfile_chain)(data[0] / 3 % 4), &err);
    while (file && !end && seqfile_next(file, &s, &end, &err))
        if (!end)
            encode(&a, &v, &s);
    CHECK(end || err.text[0]);
    seqfile_close(file);
    arena_release(&a);
    return 0;
}
