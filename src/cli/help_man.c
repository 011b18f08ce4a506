// SPDX-License-Identifier: Apache-2.0
// Man pages in the man(7) macros, from the commands' rows.
#include "cli/config.h"
#include "cli/help.h"
#include "cli/report.h"

// The code point of a UTF-8 sequence of two to four bytes that begins at `text`; *len: its length.
static unsigned code_point(const char *text, size_t *len)
{
    unsigned char c = (unsigned char)text[0];
    *len = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    unsigned code = c & (0xffu >> (*len + 1));
    for (size_t i = 1; i < *len; i++)
        code = code << 6 | ((unsigned char)text[i] & 0x3f);
    return code;
}

// Backslashes, dashes and what is not ASCII as roff wants them; a line that begins with a dot or quote would be a macro.
static void add_roff(struct strbuf *out, Str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if ((unsigned char)c >= 0x80) {
            size_t len;
            strbuf_addf(out, "\\[u%04X]", code_point(text.data + i, &len));
            i += len - 1;
            continue;
        }
        bool at_start = i == 0 || text.data[i - 1] == '\n';
        if (at_start && (c == '.' || c == '\''))
            strbuf_addz(out, "\\&");
        if (c == '\\')
            strbuf_addz(out, "\\e");
        else if (c == '-')
            strbuf_addz(out, "\\-");
        else if (c == '\'')
            strbuf_addz(out, "\\(aq");
        else
            strbuf_addc(out, c);
    }
}

static void add_paragraphs(struct strbuf *out, const char *text)
{
    Str rest = str_of(text);
    bool is_kept = false;
    while (rest.len) {
        Str line = str_cut(&rest, '\n');
        bool keep = line.len && line.data[0] == ' ';
        if (keep != is_kept)
            strbuf_addz(out, keep ? ".nf\n" : ".fi\n");
        is_kept = keep;
        if (line.len == 0)
            strbuf_addz(out, ".PP\n");
        else
            add_roff(out, line), strbuf_addc(out, '\n');
    }
    if (is_kept)
        strbuf_addz(out, ".fi\n");
}

static void add_option(struct strbuf *out, const struct option *o)
{
    strbuf_addz(out, ".TP\n");
    if (o->letter)
        strbuf_addf(out, "\\fB\\-%c\\fR, ", o->letter);
    strbuf_addz(out, "\\fB\\-\\-");
    strbuf_addz(out, o->can_negate ? "[no\\-]" : "");
    add_roff(out, str_of(o->name));
    strbuf_addz(out, "\\fR");
    if (o->kind != OPTION_FLAG) {
        strbuf_addz(out, " \\fI");
        add_roff(out, str_of(option_value_name(o)));
        strbuf_addz(out, "\\fR");
    }
    strbuf_addc(out, '\n');
    add_roff(out, str_of(o->help));
    strbuf_addc(out, '\n');
}

static void add_exit_codes(struct strbuf *out)
{
    strbuf_addz(out, ".SH EXIT STATUS\n");
    for (const struct exit_meaning *m = exit_meanings; m->meaning; m++) {
        strbuf_addf(out, ".TP\n\\fB%d\\fR\n", (int)m->code);
        add_roff(out, str_of(m->meaning));
        strbuf_addc(out, '\n');
    }
}

static void add_settings(struct strbuf *out)
{
    struct arena scratch = { 0 };
    strbuf_addz(out, ".SH SETTINGS\nFrom \\fI~/.config/petri/config.yaml\\fR, \\fI.petri/config.yaml\\fR and the environment.\n");
    for (size_t i = 0; i < setting_count; i++) {
        strbuf_addz(out, ".TP\n\\fB");
        add_roff(out, str_of(settings[i].name));
        strbuf_addz(out, "\\fR, \\fB");
        add_roff(out, setting_environment_name(&scratch, &settings[i]));
        strbuf_addz(out, "\\fR\n");
        add_roff(out, str_of(settings[i].help));
        strbuf_addz(out, "\nDefault: ");
        add_roff(out, str_of(settings[i].fallback));
        strbuf_addz(out, ". Takes: ");
        add_roff(out, str_of(setting_type_text(&scratch, &settings[i])));
        strbuf_addz(out, ".\n");
    }
    arena_release(&scratch);
}

static void add_main_page(struct strbuf *out)
{
    strbuf_addz(out, ".SH NAME\npetri \\- runs workflows, durable and resumable\n.SH SYNOPSIS\n.B petri\n.I COMMAND\n\\&...\n.SH COMMANDS\n");
    for (const struct command *const *c = commands; *c; c++) {
        if ((*c)->is_hidden)
            continue;
        strbuf_addf(out, ".TP\n\\fBpetri\\-%s\\fR(1)\n", (*c)->name);
        add_roff(out, str_of((*c)->summary));
        strbuf_addz(out, ".\n");
    }
    add_settings(out);
    strbuf_addz(out, ".SH FILES\n.TP\n.I .petri\nThe home folder: store, runs, attempts. \\fBPETRI_HOME\\fR, else the nearest one upward, else "
                     "\\fI./.petri\\fR.\n");
    add_exit_codes(out);
}

void help_man(const struct command *c, struct strbuf *out)
{
    strbuf_addf(out, ".TH \"PETRI%s", c ? "\\-" : "");
    for (const char *p = c ? c->name : ""; *p; p++)
        strbuf_addc(out, *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p);
    strbuf_addz(out, "\" 1 \"\" \"petri " PETRI_VERSION "\" \"Petri\"\n");
    if (c == NULL) {
        add_main_page(out);
        return;
    }
    strbuf_addf(out, ".SH NAME\npetri\\-%s \\- ", c->name);
    add_roff(out, str_of(c->summary));
    strbuf_addf(out, "\n.SH SYNOPSIS\n.B petri %s\n", c->name);
    add_roff(out, str_of(c->usage));
    strbuf_addz(out, "\n.SH DESCRIPTION\n");
    add_paragraphs(out, c->description);
    strbuf_addz(out, ".SH OPTIONS\n");
    for (size_t i = 0; i < c->option_count; i++)
        add_option(out, &c->options[i]);
    add_option(out, &help_option);
    add_exit_codes(out);
    strbuf_addz(out, ".SH SEE ALSO\n\\fBpetri\\fR(1)\n");
}
