// SPDX-License-Identifier: Apache-2.0
// Names and first bytes of formats, as tables.
#include "bio/kind.h"

static const char *const names[] = {
#define X(name, text) text,
    BIO_KINDS(X)
#undef X
};
static const struct { const char *suffix; enum bio_kind kind; } suffixes[] = {
    { ".fa", KIND_FASTA },   { ".fasta", KIND_FASTA }, { ".fna", KIND_FASTA },   { ".ffn", KIND_FASTA },  { ".faa", KIND_FASTA },
    { ".frn", KIND_FASTA },  { ".fas", KIND_FASTA },   { ".mfa", KIND_FASTA },   { ".fq", KIND_FASTQ },   { ".fastq", KIND_FASTQ },
    { ".qual", KIND_QUAL },  { ".sam", KIND_SAM },     { ".bam", KIND_BAM },     { ".cram", KIND_CRAM },  { ".vcf", KIND_VCF },
    { ".bcf", KIND_BCF },    { ".gff", KIND_GFF3 },    { ".gff3", KIND_GFF3 },   { ".gtf", KIND_GTF },    { ".gff2", KIND_GTF },
    { ".bed", KIND_BED },    { ".narrowpeak", KIND_BED }, { ".broadpeak", KIND_BED }, { ".bedgraph", KIND_BED },
    { ".bdg", KIND_BED },      { ".bed3", KIND_BED },    { ".bed4", KIND_BED },    { ".bed6", KIND_BED },   { ".bed12", KIND_BED },
    { ".csv", KIND_SHEET },  { ".tsv", KIND_SHEET },
};
static const struct { Str magic; enum bio_kind kind; } magics[] = {
    { STR_CONST("BAM\1"), KIND_BAM },           { STR_CONST("CRAM"), KIND_CRAM },      { STR_CONST("BCF\2"), KIND_BCF },
    { STR_CONST("##fileformat=VCF"), KIND_VCF }, { STR_CONST("##gff-version"), KIND_GFF3 }, { STR_CONST("@HD\t"), KIND_SAM },
    { STR_CONST("@SQ\t"), KIND_SAM },           { STR_CONST("@RG\t"), KIND_SAM },      { STR_CONST("@PG\t"), KIND_SAM },
    { STR_CONST("@CO\t"), KIND_SAM },           { STR_CONST(">"), KIND_FASTA },        { STR_CONST("@"), KIND_FASTQ },
    { STR_CONST("track "), KIND_BED },          { STR_CONST("browser "), KIND_BED },   { STR_CONST("sample,"), KIND_SHEET },
    { STR_CONST("sample\t"), KIND_SHEET },
};
enum { BINARY_MAGICS = 3, PACKING_BZIP2 = 1 };
static const struct bio_packing packings_not_read[] = {
    { STR_CONST("\x1f\x8b"), "packed by gzip twice", "unpack it once: gzip -dc FILE >NEW.gz" },
    { STR_CONST("BZh"), "packed as bzip2", "pack it as gzip: bzip2 -dc FILE | gzip >NEW.gz" },
    { STR_CONST("\xfd" "7zXZ"), "packed as xz", "pack it as gzip: xz -dc FILE | gzip >NEW.gz" },
    { STR_CONST("\x28\xb5\x2f\xfd"), "packed as zstd", "pack it as gzip: zstd -dc FILE | gzip >NEW.gz" },
    { STR_CONST("\x04\x22\x4d\x18"), "packed as lz4", "pack it as gzip: lz4 -dc FILE | gzip >NEW.gz" },
    { STR_CONST("\x1f\x9d"), "packed as compress", "pack it as gzip: gzip -dc FILE | gzip >NEW.gz" },
    { STR_CONST("PK\3\4"), "packed as zip (an archive, or a workbook)", "unpack it, or save the table as CSV" },
    { STR_CONST("7z\xbc\xaf"), "packed as 7z", "unpack it, and pack it as gzip" },
    { STR_CONST("NCBI.sra"), "packed as SRA", "fasterq-dump makes FASTQ of it" },
    { STR_CONST("\xff\xfe"), "text of 16 bits (UTF-16)", "iconv -f UTF-16 -t UTF-8 FILE >NEW" },
    { STR_CONST("\xfe\xff"), "text of 16 bits (UTF-16)", "iconv -f UTF-16 -t UTF-8 FILE >NEW" },
};

const struct bio_packing *kind_packing(Str head)
{
    for (size_t i = 0; i < LEN(packings_not_read); i++)
        if (str_starts(head, packings_not_read[i].magic) && (i != PACKING_BZIP2 || str_starts(str_from(head, 4), STR("1AY&SY"))))
            return &packings_not_read[i];               // "BZh" alone may begin a name
    return NULL;
}

const char *kind_name(enum bio_kind kind) { return names[kind]; }

enum bio_kind kind_of_name(Str name)
{
    for (size_t i = 1; i < LEN(names); i++)
        if (str_is(name, names[i]))
            return (enum bio_kind)i;
    return str_is(name, "gff") ? KIND_GFF3 : KIND_UNKNOWN;
}

static Str lower(struct strbuf *out, Str s)
{
    for (size_t i = 0; i < s.len; i++)
        strbuf_addc(out, s.data[i] >= 'A' && s.data[i] <= 'Z' ? (char)(s.data[i] + 32) : s.data[i]);
    return strbuf_str(out);
}

enum bio_kind kind_of_path(Str path)
{
    static const char *const packings[] = { ".gz", ".bgz", ".bgzf", ".gzip" };
    struct strbuf text = { 0 };
    Str name = lower(&text, str_basename(path));
    for (size_t i = 0; i < LEN(packings); i++)
        if (str_ends(name, str_of(packings[i])))
            name.len -= strlen(packings[i]);
    enum bio_kind kind = KIND_UNKNOWN;
    for (size_t i = 0; i < LEN(suffixes); i++)
        if (str_ends(name, str_of(suffixes[i].suffix)))
            kind = suffixes[i].kind;
    strbuf_release(&text);
    return kind;
}

static enum bio_kind by_magic(Str head, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_starts(head, magics[i].magic))
            return magics[i].kind;
    return KIND_UNKNOWN;
}

static enum bio_kind kind_of_text(Str head)
{
    if (str_starts(head, STR("\xef\xbb\xbf")))
        head = str_from(head, 3);
    return by_magic(head, LEN(magics));
}

enum bio_kind kind_of(Str path, Str head)
{
    enum bio_kind kind = by_magic(head, BINARY_MAGICS);
    if (kind == KIND_UNKNOWN)
        kind = kind_of_path(path);
    return kind == KIND_UNKNOWN ? kind_of_text(head) : kind;
}
