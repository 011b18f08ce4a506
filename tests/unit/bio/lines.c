// SPDX-License-Identifier: Apache-2.0
// One line after the other of each format of text, and what is said of it: as the specifications have them (SAM 1.6, VCF 4.1 to 4.4, GFF3
// 1.26, GTF 2.2, BED). "": nothing.
#include "base/arena.h"
#include "bio/check_kinds.h"
#include "unit/test.h"

// The codes of all faults, in order, with a blank between; warnings in brackets.
static void expect_says(void (*check)(struct check_file *f), const char *head, const char *line, const char *tail, const char *want)
{
    struct arena a = { 0 };
    struct check_options options = { 0 };
    struct check_file *f = NEW(&a, struct check_file);
    struct strbuf said = { 0 };
    Str text = str_printf(&a, "%s%s\n%s", head, line, tail);
    *f = (struct check_file){ .arena = &a, .options = &options, .path = STR("x"), .facts = value_map_begin(&a), .faults = { .arena = &a, .kept_per_code = 9 } };
    window_open_text(&f->window, str_z(&a, text), text.len);
    check(f);
    for (size_t i = 0; i < f->faults.len; i++)
        strbuf_addf(&said, f->faults.at[i].level == FAULT_ERROR ? "%s%s" : "%s[%s]", said.len ? " " : "", f->faults.at[i].code);
    if (!str_is(strbuf_str(&said), want))
        test_fail(__FILE__, __LINE__, "of '%s' is said '" STR_FMT "', expected '%s'", line, STR_ARG(strbuf_str(&said)), want);
    window_close(&f->window);
    strbuf_release(&said);
    arena_release(&a);
}

struct row { const char *line, *want; };

static void each(void (*check)(struct check_file *f), const char *head, const struct row *rows, size_t count, const char *tail)
{
    for (size_t i = 0; i < count; i++)
        expect_says(check, head, rows[i].line, tail, rows[i].want);
}

// --- SAM

#define SQ "@SQ\tSN:c1\tLN:1000\n@SQ\tSN:c2\tLN:50\n"

TEST(a_header_line_of_sam_has_the_tags_that_its_type_has)
{
    static const struct row rows[] = {
        { "@HD\tVN:1.6\tSO:coordinate\tGO:none", "" }, { "@HD\tVN:1.6\tSO:queryname\tSS:queryname:natural:x", "" },
        { "@HD\tSO:coordinate", "sam-header-value" }, { "@HD\tVN:one", "sam-header-value" }, { "@HD\tVN:1.x", "sam-header-value" },
        { "@HD\tVN:1.6\tSO:sorted", "sam-header-value" }, { "@HD\tVN:1.6\tGO:all", "sam-header-value" },
        { "@HD\tVN:1.6\tSS:coordinate", "sam-header-value" }, { "@HD\tVN:1.6\tSS:size:x", "sam-header-value" },
        { "@HD\tVN:1.6\tSS:coordinate:a b", "sam-header-value" }, { "@HD\tVN:1.6\tSS:coordinate:x:", "sam-header-value" },
        { "@HD\tVN:1.6\tVN:1.6", "sam-tag-twice" },
        { "@SQ\tSN:c1\tLN:5\tM5:0123456789abcdef0123456789abcdef\tTP:circular\tAH:*", "" }, { "@SQ\tSN:c1\tLN:5\tAH:c2:1-9\tAN:a,b.1", "" },
        { "@SQ\tLN:5", "sam-header-value" }, { "@SQ\tSN:c1", "sam-header-value" }, { "@SQ\tSN:c1\tLN:0", "sam-header-value" },
        { "@SQ\tSN:c1\tLN:-5", "sam-header-value" }, { "@SQ\tSN:*c\tLN:5", "sam-header-value" }, { "@SQ\tSN:a,b\tLN:5", "sam-header-value" },
        { "@SQ\tSN:c1\tLN:3000000000", "[sam-long]" }, { "@SQ\tSN:c1\tLN:5\tM5:0123456789ABCDEF0123456789ABCDEF", "sam-header-value" },
        { "@SQ\tSN:c1\tLN:5\tM5:01", "sam-header-value" }, { "@SQ\tSN:c1\tLN:5\tTP:ring", "sam-header-value" },
        { "@SQ\tSN:c1\tLN:5\tAH:c2:9-1", "sam-header-value" }, { "@SQ\tSN:c1\tLN:5\tAH:c2:x", "sam-header-value" },
        { "@SQ\tSN:c1\tLN:5\tAN:a,,b", "sam-header-value" }, { "@SQ\tSN:c1\tLN:5\tAN:a,a", "sam-header-twice" },
        { "@SQ\tSN:c1\tLN:5\n@SQ\tSN:c1\tLN:5", "sam-header-twice" },
        { "@RG\tID:r\tDT:2020-02-30T10:00:00Z\tPI:-5\tFO:*\tPL:ONT", "" }, { "@RG\tID:r\tDT:20200230", "" }, { "@RG\tID:r\tFO:TACG", "" },
        { "@RG\tPL:ONT", "sam-header-value" }, { "@RG\tID:r\tDT:2020-13-01", "sam-header-value" }, { "@RG\tID:r\tDT:2020-1-1", "sam-header-value" },
        { "@RG\tID:r\tDT:yesterday", "sam-header-value" }, { "@RG\tID:r\tDT:2020-01-01x", "sam-header-value" }, { "@RG\tID:r\tPI:far", "sam-header-value" },
        { "@RG\tID:r\tFO:A-C", "sam-header-value" }, { "@RG\tID:r\tPL:mine", "sam-platform" }, { "@RG\tID:r\n@RG\tID:r", "sam-header-twice" },
        { "@PG\tID:p\n@PG\tID:q\tPP:p", "" }, { "@PG\tPN:x", "sam-header-value" }, { "@PG\tID:p\tPP:q\n@PG\tID:q\tPP:p", "sam-pg" },
        { "@PG\tID:p\tPP:r", "sam-pg" }, { "@PG\tID:p\tPP:p", "[sam-pg]" }, { "@PG\tID:p\tPP:q\n@PG\tID:q\tPP:r\n@PG\tID:r\tPP:q", "sam-pg" }, { "@PG\tID:p\n@PG\tID:p", "sam-header-twice" },
        { "@CO", "" }, { "@CO\tanything : at all\t", "" },
        { "@HD\tVN:1.6\n@HD\tVN:1.6", "sam-hd" }, { "@CO\tx\n@HD\tVN:1.6", "sam-hd" },
    };
    each(check_sam, "", rows, LEN(rows), "");
}

TEST(each_field_of_an_alignment_in_sam_is_what_it_may_be)
{
    static const struct row rows[] = {
        { "q\t0\tc1\t5\t60\t4M\t*\t0\t0\tACGT\tIIII", "" }, { "q\t0\tc1\t5\t60\t4M\t*\t0\t0\tACGT\t*", "" }, { "q\t4\t*\t0\t0\t*\t*\t0\t0\t*\t*", "" },
        { "q\t0\tc1\t5\t60\t1H1S2M1S1H\t*\t0\t0\tACGT\tIIII", "" }, { "q\t0\tc1\t5\t60\t2M100N2M\t*\t0\t0\tac=.\tIIII", "" },
        { "q\t0\tc1\t5\t60\t1=1X1I1D1P1M\t*\t0\t0\tACGT\tIIII", "" },
        { "a@b\t0\tc1\t5\t60\t4M\t*\t0\t0\tACGT\tIIII", "sam-field" }, { "q\t0x1\tc1\t5\t60\t4M\t*\t0\t0\tACGT\tIIII", "sam-field" },
        { "q\t4096\tc1\t5\t60\t4M\t*\t0\t0\tACGT\tIIII", "sam-field" }, { "q\t00\tc1\t5\t60\t4M\t*\t0\t0\tACGT\tIIII", "sam-field" },
        { "q\t+0\tc1\t5\t60\t4M\t*\t0\t0\tACGT\tIIII", "sam-field" }, { "q\t0\tc9\t5\t60\t4M\t*\t0\t0\tACGT\tIIII", "sam-reference" },
        { "q\t0\t=\t5\t60\t4M\t*\t0\t0\tACGT\tIIII", "sam-field" }, { "q\t0\tc1\t-5\t60\t4M\t*\t0\t0\tACGT\tIIII", "sam-field" },
        { "q\t0\tc1\t5\t256\t4M\t*\t0\t0\tACGT\tIIII", "sam-field" }, { "q\t0\tc1\t5\t60\t4M\t(\t0\t0\tACGT\tIIII", "sam-field" },
        { "q\t0\tc1\t5\t60\t4M\tc9\t0\t0\tACGT\tIIII", "sam-reference" }, { "q\t0\tc1\t5\t60\t4M\t*\tx\t0\tACGT\tIIII", "sam-field" },
        { "q\t0\tc1\t5\t60\t4M\t*\t0\t9999999999\tACGT\tIIII", "sam-field" }, { "q\t0\tc1\t5\t60\t4M\t*\t0\t0\tAC-T\tIIII", "sam-field" },
        { "q\t0\tc1\t5\t60\t4M\t*\t0\t0\tACGT\tIII", "sam-quality-length" }, { "q\t0\tc1\t5\t60\t4M\t*\t0\t0\tACGT\tII I", "sam-field" },
        { "q\t0\tc1\t5\t60\t4M\t*\t0\t0\t*\tIIII", "sam-field" }, { "q\t0\tc1\t5\t60\t5M\t*\t0\t0\tACGT\tIIII", "sam-cigar-length" },
        { "q\t0\tc1\t5\t60\t4\t*\t0\t0\tACGT\tIIII", "sam-field" }, { "q\t0\tc1\t5\t60\tM\t*\t0\t0\tACGT\tIIII", "sam-field" },
        { "q\t0\tc1\t5\t60\t4Q\t*\t0\t0\tACGT\tIIII", "sam-field" }, { "q\t0\tc1\t5\t60\t2M1H2M\t*\t0\t0\tACGT\tIIII", "sam-field" },
        { "q\t0\tc1\t5\t60\t1M1S2M\t*\t0\t0\tACGT\tIIII", "sam-field" }, { "q\t0\tc1\t5\t60\t999999999M\t*\t0\t0\tACGT\tIIII", "sam-field" },
    };
    each(check_sam, SQ, rows, LEN(rows), "");
}

#define READ "q\t0\tc1\t5\t60\t4M\t*\t0\t0\tACGT\tIIII\t"

TEST(each_tag_of_an_alignment_in_sam_has_its_form_and_a_value_of_its_type)
{
    static const struct row rows[] = {
        { READ "NM:i:-1", "" }, { READ "XA:A:!", "" }, { READ "XF:f:-1.5e3", "" }, { READ "XF:f:.5", "" }, { READ "XZ:Z:a b", "" }, { READ "XH:H:0A", "" },
        { READ "XB:B:c,-1,2", "" }, { READ "XB:B:f,1.5,-2", "" }, { READ "XB:B:I,4294967295", "" }, { READ "XB:B:S", "" },
        { READ "NM:i:one", "sam-tag" }, { READ "NM:i:", "sam-tag" }, { READ "N:i:1", "sam-tag" }, { READ "NMi1", "sam-tag" }, { READ "1M:i:1", "sam-tag" },
        { READ "XA:A:ab", "sam-tag" }, { READ "XF:f:1.", "sam-tag" }, { READ "XF:f:1e99", "sam-tag" }, { READ "XF:f:x", "sam-tag" }, { READ "XH:H:0a", "sam-tag" },
        { READ "XH:H:012", "sam-tag" }, { READ "XB:B:c,128", "sam-tag" }, { READ "XB:B:C,-1", "sam-tag" }, { READ "XB:B:s,32768", "sam-tag" },
        { READ "XB:B:q,1", "sam-tag" }, { READ "XB:B:c,", "sam-tag" }, { READ "XB:B:c1", "sam-tag" }, { READ "XB:B:", "sam-tag" }, { READ "XB:B:c,1,", "sam-tag" },
        { READ "XQ:q:1", "sam-tag" }, { READ "NM:i:1\tNM:i:1", "sam-tag-twice" },
    };
    each(check_sam, SQ, rows, LEN(rows), "");
}

// --- VCF

#define TITLES "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
#define V43 "##fileformat=VCFv4.3\n"

TEST(a_header_line_of_vcf_has_the_fields_that_its_key_has)
{
    static const struct row rows[] = {
        { "##INFO=<ID=X,Number=1,Type=Integer,Description=\"a \\\"b\\\", c\">", "" }, { "##INFO=<ID=X,Number=R,Type=Flag,Description=\"\">", "[vcf-meta]" },
        { "##INFO=<Number=1,Type=Integer,Description=\"x\">", "vcf-meta" }, { "##INFO=<ID=X,Type=Integer,Number=1,Description=\"x\">", "vcf-meta" },
        { "##INFO=<ID=X,Number=Q,Type=Integer,Description=\"x\">", "vcf-meta" }, { "##INFO=<ID=X,Number=-1,Type=Integer,Description=\"x\">", "vcf-meta" },
        { "##INFO=<ID=X,Number=1,Type=Int,Description=\"x\">", "vcf-meta" }, { "##INFO=<ID=X,Number=1,Type=Integer,Description=x>", "vcf-meta" },
        { "##INFO=<ID=X,Number=1,Type=Integer>", "vcf-meta vcf-meta" }, { "##INFO=<ID=X,Number=1,Type=Integer,Description=\"x>", "vcf-meta" },
        { "##INFO=<ID=1X,Number=1,Type=Integer,Description=\"x\">", "vcf-meta" }, { "##INFO=<ID=1000G,Number=0,Type=Flag,Description=\"x\">", "" },
        { "##INFO=<ID=DP,Number=1,Type=Float,Description=\"x\">", "vcf-reserved" }, { "##INFO=<ID=DP,Number=2,Type=Integer,Description=\"x\">", "vcf-reserved" },
        { "##INFO=<ID=AF,Number=1,Type=Float,Description=\"x\">", "vcf-reserved" }, { "##FORMAT=<ID=GQ,Number=1,Type=Float,Description=\"x\">", "[vcf-reserved]" },
        { "##FORMAT=<ID=X,Number=1,Type=Flag,Description=\"x\">", "vcf-meta" }, { "##FORMAT=<ID=X,Number=G,Type=Float,Description=\"x\">", "" },
        { "##FILTER=<ID=q10,Description=\"x\">", "" }, { "##FILTER=<ID=0,Description=\"x\">", "vcf-meta" }, { "##FILTER=<ID=a;b,Description=\"x\">", "vcf-meta" },
        { "##FILTER=<ID=q10>", "vcf-meta" }, { "##FILTER=<ID=q,Description=\"x\">\n##FILTER=<ID=q,Description=\"x\">", "vcf-meta-twice" },
        { "##ALT=<ID=DEL:ME,Description=\"x\">", "" }, { "##ALT=<ID=MINE,Description=\"x\">", "" }, { "##ALT=<ID=MINE:ME,Description=\"x\">", "vcf-meta" },
        { "##ALT=<ID=DELX,Description=\"x\">", "vcf-meta" }, { "##ALT=<ID=a b,Description=\"x\">", "vcf-meta" },
        { "##contig=<ID=c1,length=10>", "" }, { "##contig=<ID=c1,length=ten>", "vcf-meta" }, { "##contig=<length=10>", "vcf-meta" }, { "##contig=<ID=a:b>", "vcf-meta" },
        { "##contig=<ID=HLA-A*01:01>", "" }, { "##META=<ID=A,Number=.,Type=String,Values=[x, y]>", "" }, { "##META=<ID=A,Number=.,Type=Flag,Values=[x]>", "vcf-meta" },
        { "##META=<ID=A,Number=x,Type=String,Values=[x]>", "vcf-meta" }, { "##META=<ID=A,Number=.,Type=String,Values=x>", "vcf-meta" },
        { "##META=<ID=A,Type=String,Number=.,Values=[x]>", "" }, { "##META=<ID=A,Type=String,Values=[x]>", "vcf-meta vcf-meta" },
        { "##INFO=<ID=X,Number=1,Type=Flag,Description=\"x\">", "[vcf-meta]" }, { "##META=<ID=A,Number=.,Type=String,Values=[x>", "vcf-meta" },
        { "##SAMPLE=<ID=s1,Assay=WGS>", "" }, { "##SAMPLE=<ID=s 1>", "vcf-meta" }, { "##PEDIGREE=<ID=a,Father=b>", "" }, { "##PEDIGREE=<ID=a,Father=b c>", "vcf-meta" },
        { "##PEDIGREE=<Father=b>", "vcf-meta" }, { "##mine=<a=1,b=2>", "" }, { "##mine=anything, at all", "" }, { "##INFO=<ID>", "vcf-meta" },
        { "##INFO=<ID=a<b,Number=1,Type=Integer,Description=\"x\">", "vcf-meta" },
    };
    each(check_vcf, V43, rows, LEN(rows), TITLES);
}

TEST(each_column_of_a_variant_is_what_it_may_be)
{
    static const struct row rows[] = {
        { "c1\t5\trs1;x\tA\tG,TT\t1e3\tPASS\t.", "" }, { "c1\t0\t.\tA\t.\t.\t.\t.", "" }, { "c1\t5\t.\tACG\t<DEL>,*\tinf\t.\t.", "" },
        { "c1\t5\t.\tA\tA[c2:9[\t.\t.\t.", "" }, { "c1\t5\t.\tA\t]<x>:9]A\t.\t.\t.", "" }, { "c1\t5\t.\tA\tA.\t.\t.\t.", "" }, { "c1\t5\t.\tA\t.A\t.\t.\t.", "" },
        { "c1\t5\t.\tA\tA<ctg>\t.\t.\t.", "" }, { "c1\t5\t.\ta\tg\tNaN\t.\t.", "" }, { "c:1\t5\t.\tA\tG\t.\t.\t.", "vcf-chrom" }, { "c1\tx\t.\tA\tG\t.\t.\t.", "vcf-pos" },
        { "c1\t5\ta;a\tA\tG\t.\t.\t.", "vcf-id" }, { "c1\t5\ta;\tA\tG\t.\t.\t.", "vcf-id" }, { "c1\t5\ta b\tA\tG\t.\t.\t.", "vcf-id" }, { "c1\t5\t.\tU\tG\t.\t.\t.", "vcf-ref" },
        { "c1\t5\t.\t.\tG\t.\t.\t.", "vcf-ref" }, { "c1\t5\t.\tA\tG,\t.\t.\t.", "vcf-alt" }, { "c1\t5\t.\tA\t<D\t.\t.\t.", "vcf-alt" }, { "c1\t5\t.\tA\t<>\t.\t.\t.", "vcf-alt" },
        { "c1\t5\t.\tA\tA[c2:9]\t.\t.\t.", "vcf-alt" }, { "c1\t5\t.\tA\t[c2:9[\t.\t.\t.", "vcf-alt" }, { "c1\t5\t.\tA\tA[c2[\t.\t.\t.", "vcf-alt" },
        { "c1\t5\t.\tA\tA[c2:x[\t.\t.\t.", "vcf-alt" }, { "c1\t5\t.\tA\tX.\t.\t.\t.", "vcf-alt" }, { "c1\t5\t.\tA\tX<ctg>\t.\t.\t.", "vcf-alt" },
        { "c1\t5\t.\tA\tG\t-1\t.\t.", "vcf-qual" }, { "c1\t5\t.\tA\tG\tgood\t.\t.", "vcf-qual" }, { "c1\t5\t.\tA\tG\t.\t0\t.", "vcf-filter" },
        { "c1\t5\t.\tA\tG\t.\ta;a\t.", "vcf-filter" }, { "c1\t5\t.\tA\tG\t.\ta;.\t.", "vcf-filter" }, { "c1\t5\t.\tA\tG\t.\t\t.", "vcf-filter" },
        { "c1\t5\t.\tA\tG\t.\t.\tDP=3;DB;H2", "" }, { "c1\t5\t.\tA\tG\t.\t.\tDP=x", "vcf-type" }, { "c1\t5\t.\tA\tG\t.\t.\tDP=-1", "vcf-type" }, { "c1\t5\t.\tA\tG\t.\t.\tDP=1,2", "vcf-number" },
        { "c1\t5\t.\tA\tG,T\t.\t.\tAF=0.1,.", "" }, { "c1\t5\t.\tA\tG,T\t.\t.\tAF=0.1", "vcf-number" }, { "c1\t5\t.\tA\tG\t.\t.\tAD=1,2", "" }, { "c1\t5\t.\tA\tG\t.\t.\tAD=1", "vcf-number" },
        { "c1\t5\t.\tA\tG\t.\t.\tDB=x", "vcf-type" }, { "c1\t5\t.\tA\tG\t.\t.\tDB=1", "" }, { "c1\t5\t.\tA\tG\t.\t.\tDP", "vcf-type" }, { "c1\t5\t.\tA\tG\t.\t.\tDP=1;DP=1", "vcf-info-twice" },
        { "c1\t5\t.\tA\tG\t.\t.\tDP=1;;DB", "vcf-info" }, { "c1\t5\t.\tA\tG\t.\t.\t;DB", "vcf-info" }, { "c1\t5\t.\tA\tG\t.\t.\ta b=1", "vcf-info" }, { "c1\t5\t.\tA\tG\t.\t.\t1a=1", "vcf-info" },
        { "c1\t5\t.\tA\tG\t.\t.\tCIGAR=1M2D", "" }, { "c1\t5\t.\tA\tG\t.\t.\tCIGAR=M", "vcf-type" }, { "c1\t5\t.\tA\tG\t.\t.\tCIGAR=1M2", "vcf-type" }, { "c1\t5\t.\tA\tG\t.\t.\tBQ=inf", "" },
        { "c1\t5\t.\tA\tG\t.\t.\t.\nc1\t4\t.\tA\tG\t.\t.\t.", "vcf-unsorted" }, { "c1\t5\t.\tA\tG\t.\t.\t.\nc2\t4\t.\tA\tG\t.\t.\t.\nc1\t9\t.\tA\tG\t.\t.\t.", "vcf-unsorted" },
        { "c1\t5\t.\tA\tG\t.\t.\t.\nc1\t5\t.\tA\tG\t.\t.\t.", "vcf-twice" }, { "c1\t4\t.\tCA\tCG\t.\t.\t.\nc1\t5\t.\tA\tG\t.\t.\t.", "vcf-twice" },
        { "c1\t5\t.\tA\tG\t.\t.\t.\nc1\t5\t.\tA\tT\t.\t.\t.", "" }, { "c1\t5\t.\tA\tG\t.\ta;PASS\t.", "[vcf-filter]" },
        { "c1\t5\t.\tA\t<DEL>\t.\t.\tEND=4", "vcf-info" }, { "c1\t5\t.\tA\t<DEL>\t.\t.\tEND=5", "" }, { "c1\t5\t.\tA\t<DEL>\t.\t.\tEND=.", "" },
    };
    static const struct row places[] = {
        { "c1\t100\t.\tA\tG\t.\t.\t.", "" }, { "c1\t101\t.\tN\t<DEL>\t.\t.\t.", "" }, { "c1\t102\t.\tA\tG\t.\t.\t.", "vcf-pos" }, { "c2\t102\t.\tA\tG\t.\t.\t.", "" },
    };
    each(check_vcf, V43 TITLES, rows, LEN(rows), "");
    each(check_vcf, V43 "##contig=<ID=c1,length=100>\n##contig=<ID=c2>\n" TITLES, places, LEN(places), "");
}

#define SAMPLES V43 "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ts1\ts2\n"
#define SITE "c1\t5\t.\tA\tG\t.\t.\t.\t"

TEST(each_sample_of_a_variant_has_the_values_that_its_keys_have)
{
    static const struct row rows[] = {
        { SITE "GT:DP\t0|1:5\t./.", "" }, { SITE "GT\t0\t1/1/0", "" }, { SITE "GT:PL\t0/1:1,2,3\t.:.", "" }, { SITE "GT:GL\t0/0:0,-1.5,-2\t0:-1,0", "" }, { SITE ".\t.\t.", "" },
        { SITE "GT\t0/2\t0", "vcf-genotype" }, { SITE "GT\t0/x\t0", "vcf-genotype" }, { SITE "GT\t0/\t0", "vcf-genotype" }, { SITE "DP:GT\t5:0\t5:0", "vcf-format" },
        { SITE "GT:GT\t0:0\t0:0", "vcf-format vcf-format" }, { SITE "GT:\t0:\t0:", "vcf-format" }, { SITE "GT:DP\t0/1:x\t.", "vcf-type" }, { SITE "GT:DP\t0/1:1:2\t.", "vcf-sample-value" },
        { SITE "GT:PL\t0/1:1,2\t.", "vcf-number" }, { SITE "GT:HQ\t0/1:1,2\t0/1:1", "vcf-number" }, { SITE "GT\t0/1", "vcf-columns" }, { SITE "GT\t0/1\t.\t.", "vcf-columns" },
    };
    each(check_vcf, SAMPLES, rows, LEN(rows), "");
}

// --- GFF3, GTF, BED

#define EXON "c1\ts\texon\t5\t50\t.\t+\t.\t"

TEST(each_column_and_attribute_of_gff3_is_what_it_may_be)
{
    static const struct row rows[] = {
        { "c1\ts\tgene\t5\t50\t.\t+\t.\tID=g%20;Name=a,b", "" }, { "c1\ts\tgene\t5\t50\t.\t+\t.\t.", "" }, { "c1\ts\tCDS\t5\t50\t1e-3\t-\t0\tID=c", "" },
        { "c1\ts\tgene\t0\t50\t.\t+\t.\t.", "gff-start" }, { "c1\ts\tgene\tx\t50\t.\t+\t.\t.", "gff-start" }, { "c1\ts\tgene\t5\t0\t.\t+\t.\t.", "gff-end" },
        { "c1\ts\tgene\t50\t5\t.\t+\t.\t.", "gff-interval" }, { "c1\ts\tgene\t5\t500\t.\t+\t.\t.", "[gff-region]" }, { "c1\ts\tgene\t5\t500\t.\t+\t.\tIs_circular=true", "" },
        { "c1\ts\tgene\t5\t50\tx\t+\t.\t.", "gff-score" }, { "c1\ts\tgene\t5\t50\t.\t*\t.\t.", "gff-strand" }, { "c1\ts\tgene\t5\t50\t.\t+\t3\t.", "gff-phase" },
        { "c1\ts\tCDS\t5\t50\t.\t+\t.\t.", "gff-phase" }, { "c1\ts\tgene\t5\t50\t.\t+\t.\tID", "gff-attributes" }, { "c1\ts\tgene\t5\t50\t.\t+\t.\t=x", "gff-attributes" },
        { "c1\ts\tgene\t5\t50\t.\t+\t.\tID=a;ID=b", "gff-attributes" }, { "c1\ts\tgene\t5\t50\t.\t+\t.\tID=%2", "gff-escape" }, { "c1\ts\tgene\t5\t50\t.\t+\t.\tID=%zz", "gff-escape" },
        { "c1\ts\texon\t5\t50\t.\t+\t.\tParent=g", "gff-parent" }, { "c1\ts\texon\t5\t50\t.\t+\t.\tParent=g\nc1\ts\tgene\t5\t50\t.\t+\t.\tID=g", "" },
        { "c1\ts\texon\t5\t50\t.\t+\t.\tParent=g\n###\nc1\ts\tgene\t5\t50\t.\t+\t.\tID=g", "gff-parent" }, { "c1\ts\tgene\t5\t50\t.\t+\t.", "gff-columns" },
        { EXON "ID=a;Parent=b\n" EXON "ID=b;Parent=a", "gff-parent" }, { EXON "Parent=c;ID=a\n" EXON "ID=b;Parent=a\n" EXON "ID=c;Parent=b", "gff-parent" },
        { EXON "ID=a;Parent=x,b\n" EXON "ID=x\n" EXON "ID=b;Parent=x,a", "gff-parent" }, { EXON "ID=d;Parent=a\n" EXON "ID=a;Parent=b\n" EXON "ID=b;Parent=a", "gff-parent" },
        { EXON "ID=d;Parent=b,c\n" EXON "ID=b;Parent=a\n" EXON "ID=c;Parent=a\n" EXON "ID=a", "" }, { EXON "ID=a;Parent=b\n" EXON "ID=a;Parent=c\n" EXON "ID=b\n" EXON "ID=c", "" },
        { EXON "ID=e;Parent=", "gff-attributes" }, { EXON "ID=", "gff-attributes" }, { EXON "ID=e;Note=", "" },
        { EXON "ID=e\n###\n##FASTA\n>c1\nACGT", "" }, { "##FASTA\n>c1\nACGT", "gff-empty" },
    };
    each(check_gff3, "##gff-version 3\n##sequence-region c1 1 100\n", rows, LEN(rows), "");
}

TEST(attributes_of_gtf_are_names_and_values_and_those_that_every_line_needs_are_there)
{
    static const struct row rows[] = {
        { EXON "gene_id \"g\"; transcript_id \"t\";", "" }, { EXON "gene_id \"g;x\"; transcript_id \"t\"; exon_number 1;", "" },
        { EXON "gene_id \"g\"; transcript_id \"t\" # a comment", "" }, { EXON "gene_id \"g\";", "gtf-transcript-id" }, { EXON "transcript_id \"t\";", "gtf-gene-id" },
        { EXON "gene_id=g", "gtf-attributes" }, { EXON "gene_id \"g", "gtf-attributes" }, { EXON "gene_id \"g\" x;", "gtf-attributes" }, { EXON "gene_id ;", "gtf-attributes" },
        { "c1\ts\tgene\t5\t50\t.\t+\t.\tgene_id \"g\";", "" }, { EXON "gene_id \"g\"; transcript_id \"t\"; tag \"a\"; tag \"b\";", "" },
        { EXON "gene_id \"g\"; transcript_id \"t\"; gene_id \"h\";", "gtf-attributes" },
    };
    each(check_gtf, "", rows, LEN(rows), "");
}
