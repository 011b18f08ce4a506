// SPDX-License-Identifier: Apache-2.0
// Help as text, from the commands' rows. No help text of a command stands here.
#include "cli/help.h"

#include "cli/report.h"
#include "view/text.h"

enum { COLUMNS = 80, OPTION_COLUMN = 26 };

static void wrap_paragraph(Str text, size_t indent, struct strbuf *out)
{
    size_t column = 0;
    while ((text = str_trim(text)).len) {
        size_t len = 0;
        while (len < text.len && text.data[len] != ' ' && text.data[len] != '\n')
            len++;
        Str word = str_first(text, len);
        size_t width = text_width(word);
        if (column && column + 1 + width > COLUMNS) {
            strbuf_addc(out, '\n');
            column = 0;
        }
        if (column)
            strbuf_addc(out, ' ');
        else
            text_add_spaces(out, indent);
        column = (column ? column + 1 : indent) + width;
        text_add(out, word);
        text = str_from(text, len);
    }
    if (column)
        strbuf_addc(out, '\n');
}

void help_wrap(Str text, size_t indent, struct strbuf *out)
{
    Str rest = text;
    while (rest.len) {
        Str line = str_cut(&rest, '\n');
        if (line.len == 0) {
            strbuf_addc(out, '\n');
        } else if (line.data[0] == ' ') {
            text_add_spaces(out, indent);
            text_add(out, line);
            strbuf_addc(out, '\n');
        } else {                                        // up to an empty or a kept line
            Str paragraph = line;
            while (rest.len && rest.data[0] != '\n' && rest.data[0] != ' ') {
                line = str_cut(&rest, '\n');
                paragraph.len = (size_t)(line.data + line.len - paragraph.data);
            }
            wrap_paragraph(paragraph, indent, out);
        }
    }
}

static void add_option(const struct option *o, struct strbuf *out)
{
    struct strbuf left = { 0 }, right = { 0 };
    if (o->letter)
        strbuf_addf(&left, "  -%c, --", o->letter);
    else
        strbuf_addz(&left, o->can_negate ? "  --[no-]" : "  --");
    strbuf_addf(&left, "%s%s%s", o->name, o->kind == OPTION_FLAG ? "" : " ", option_value_name(o));
    text_add(out, strbuf_str(&left));
    help_wrap(str_of(o->help), OPTION_COLUMN, &right);
    size_t width = text_width(strbuf_str(&left));
    if (width + 2 <= OPTION_COLUMN && right.len) {
        text_add_spaces(out, OPTION_COLUMN - width);
        strbuf_add(out, str_from(strbuf_str(&right), OPTION_COLUMN));
    } else {
        strbuf_addc(out, '\n');
        strbuf_add(out, strbuf_str(&right));
    }
    strbuf_release(&left);
    strbuf_release(&right);
}

void help_options(const struct option *options, size_t count, struct strbuf *out)
{
    for (size_t i = 0; i < count; i++)
        add_option(&options[i], out);
}

void help_command(const struct command *c, struct strbuf *out)
{
    strbuf_addf(out, "petri %s: %s.\n\nUsage: petri %s %s\n\n", c->name, c->summary, c->name, c->usage);
    help_wrap(str_of(c->description), 0, out);
    strbuf_addz(out, "\nOptions:\n");
    help_options(c->options, c->option_count, out);
    add_option(&help_option, out);
}

void help_overview(struct strbuf *out)
{
    strbuf_addz(out, "petri: runs workflows, durable and resumable.\n\nUsage: petri COMMAND …\n\nCommands:\n");
    for (const struct command *const *c = commands; *c; c++)
        if (!(*c)->is_hidden)
            strbuf_addf(out, "  %-10s %s\n", (*c)->name, (*c)->summary);
    strbuf_addz(out, "\nStart with 'petri run WORKFLOW.cwl --help': it shows the workflow's own inputs.\n"
                     "'petri COMMAND --help' explains a command, 'petri help exit-codes' how they end,\n'petri --version' tells the version.\n");
}

void help_exit_codes(struct strbuf *out)
{
    for (const struct exit_meaning *m = exit_meanings; m->meaning; m++) {
        struct strbuf right = { 0 };
        help_wrap(str_of(m->meaning), 6, &right);
        strbuf_addf(out, "  %3d", (int)m->code);
        strbuf_add(out, str_from(strbuf_str(&right), 5));
        strbuf_release(&right);
    }
}

int help_print_overview(bool to_stderr)
{
    struct strbuf text = { 0 };
    help_overview(&text);
    if (!to_stderr)
        return print_out(&text);
    fwrite(text.data, 1, text.len, stderr);
    strbuf_release(&text);
    return EXIT_OK;
}

int help_print_command(const struct command *c)
{
    struct strbuf text = { 0 };
    help_command(c, &text);
    return print_out(&text);
}
