// SPDX-License-Identifier: Apache-2.0
// Where expressions begin and end within a string, and the grammar of parameter references. It finds the closing
// bracket by JavaScript's lexical rules (strings, comments, regular expressions), but knows nothing else of the
// language.
#include "lang/cwl/expr_scan.h"

static bool is_symbol_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (unsigned char)c >= 0x80;
}

// ---- JavaScript, as far as brackets go

struct code_scan {
    Str text;
    size_t at;
    bool after_value;                   // a slash here divides; elsewhere it begins a regular expression
};

// Past the string that begins here; its quote is the character here. False: it has no end.
static bool skip_string(struct code_scan *s)
{
    char quote = s->text.data[s->at++];
    for (; s->at < s->text.len; s->at++) {
        if (s->text.data[s->at] == '\\')
            s->at++;
        else if (s->text.data[s->at] == quote)
            return s->at++, true;
    }
    return false;
}

static bool skip_comment(struct code_scan *s)
{
    bool is_line = s->text.data[s->at + 1] == '/';
    Str rest = str_from(s->text, s->at + 2);
    ptrdiff_t end = str_find(rest, is_line ? STR("\n") : STR("*/"));
    if (end < 0)
        return false;
    s->at += 2 + (size_t)end + (is_line ? 1 : 2);
    return true;
}

static bool skip_regex(struct code_scan *s)
{
    bool in_class = false;
    for (s->at++; s->at < s->text.len; s->at++) {
        char c = s->text.data[s->at];
        if (c == '\n')
            return false;
        if (c == '\\')
            s->at++;
        else if (c == '[')
            in_class = true;
        else if (c == ']')
            in_class = false;
        else if (c == '/' && !in_class)
            return s->at++, true;
    }
    return false;
}

static bool skip_slash(struct code_scan *s)
{
    char next = s->at + 1 < s->text.len ? s->text.data[s->at + 1] : '\0';
    if (next == '/' || next == '*')
        return skip_comment(s);
    bool is_division = s->after_value;
    s->after_value = !is_division;
    if (!is_division)
        return skip_regex(s);
    s->at++;
    return true;
}

static bool is_word_char(char c) { return is_symbol_char(c) || c == '$'; }

// A name, a number or a keyword. After most keywords a value is expected, after everything else there was one.
static void skip_word(struct code_scan *s)
{
    static const char *const keywords[] = { "return", "typeof", "case", "in", "delete",    "void",
                                            "throw",  "new",    "else", "do", "instanceof" };
    size_t start = s->at;
    while (s->at < s->text.len && is_word_char(s->text.data[s->at]))
        s->at++;
    s->after_value = true;
    for (size_t i = 0; i < LEN(keywords); i++)
        s->after_value = s->after_value && !str_is(str_slice(s->text, start, s->at), keywords[i]);
}

// A `}` counts as the end of a statement: what divides an object literal is rare, a statement that begins with a
// regular expression is rarer still, but both then fail on a bracket or quote inside only.
static void skip_sign(struct code_scan *s)
{
    char c = s->text.data[s->at], next = s->at + 1 < s->text.len ? s->text.data[s->at + 1] : '\0';
    bool is_step = (c == '+' || c == '-') && next == c;         // i++ / 2: what was before counts
    s->at += is_step ? 2 : 1;
    if (!is_step)
        s->after_value = c == ')' || c == ']';
}

// From behind the opening bracket to the one that closes it. False: there is none.
static bool find_close(struct code_scan *s, char open, char close)
{
    size_t depth = 1;
    while (s->at < s->text.len) {
        char c = s->text.data[s->at];
        bool closed = true;
        if (c == '\'' || c == '"' || c == '`')
            closed = s->after_value = skip_string(s);
        else if (c == '/')
            closed = skip_slash(s);
        else if (is_word_char(c))
            skip_word(s);
        else if (c == ' ' || (c >= '\t' && c <= '\r'))
            s->at++;
        else if (c == close && --depth == 0)
            return true;
        else
            depth += c == open, skip_sign(s);
        if (!closed)
            return false;
    }
    return false;
}

// ---- pieces

static bool is_opening(Str text, size_t i)
{
    return i + 1 < text.len && text.data[i] == '$' && (text.data[i + 1] == '(' || text.data[i + 1] == '{');
}

// The backslash at s->at and what it escapes. At the end of the text it stands for itself.
static void take_escape(struct expr_scan *s, struct expr_piece *p)
{
    size_t i = s->at;
    p->kind = PIECE_TEXT;
    if (s->old_escapes && i + 1 < s->text.len) {
        p->text = str_slice(s->text, i + 1, i + 2);
        s->at = i + 2;
    } else if (is_opening(s->text, i + 1)) {
        p->text = str_slice(s->text, i + 1, i + 3);
        s->at = i + 3;
    } else if (i + 1 < s->text.len && s->text.data[i + 1] == '\\') {
        p->text = STR("\\");
        s->at = i + 2;
    } else {
        p->text = str_slice(s->text, i, i + 2);
        s->at = MIN(i + 2, s->text.len);
    }
}

static bool take_code(struct expr_scan *s, struct expr_piece *p, struct err *err)
{
    bool brace = s->text.data[s->at + 1] == '{';
    struct code_scan code = { .text = s->text, .at = s->at + 2 };
    if (!find_close(&code, brace ? '{' : '(', brace ? '}' : ')'))
        return err_set(err, ERR_INVALID,
                       "the expression that begins at offset %zu with '%s' has no end: expected a '%c'", s->at,
                       brace ? "${" : "$(", brace ? '}' : ')');
    p->kind = brace ? PIECE_BRACE : PIECE_PAREN;
    p->text = str_slice(s->text, s->at + 2, code.at);
    s->at = code.at + 1;
    return true;
}

bool expr_scan_next(struct expr_scan *s, struct expr_piece *p, struct err *err)
{
    *p = (struct expr_piece){ .kind = PIECE_END, .start = s->at };
    bool done = true;
    if (is_opening(s->text, s->at)) {
        done = take_code(s, p, err);
    } else if (s->at < s->text.len && s->text.data[s->at] == '\\') {
        take_escape(s, p);
    } else if (s->at < s->text.len) {
        size_t i = s->at + 1;
        while (i < s->text.len && s->text.data[i] != '\\' && !is_opening(s->text, i))
            i++;
        p->kind = PIECE_TEXT;
        p->text = str_slice(s->text, s->at, i);
        s->at = i;
    }
    p->end = s->at;
    return done;
}

// ---- parameter references

bool expr_take_symbol(Str *code, Str *symbol)
{
    size_t len = 0;
    while (len < code->len && is_symbol_char(code->data[len]))
        len++;
    *symbol = str_first(*code, len);
    *code = str_from(*code, len);
    return len > 0;
}

// ['…'] or ["…"]. Only the two quotes may be escaped: any other escape is JavaScript's to explain.
static bool take_quoted(Str *code, struct expr_segment *segment)
{
    char quote = code->data[1];
    for (size_t i = 2; i < code->len; i++) {
        char c = code->data[i];
        if (c == '\\') {
            if (i + 1 == code->len || (code->data[i + 1] != '\'' && code->data[i + 1] != '"'))
                return false;
            segment->has_escapes = true;
            i++;
        } else if (c == quote) {
            segment->key = str_slice(*code, 2, i);
            if (i + 1 == code->len || code->data[i + 1] != ']')
                return false;
            *code = str_from(*code, i + 2);
            return true;
        } else if (c == '\n') {
            return false;
        }
    }
    return false;
}

static bool take_index(Str *code, struct expr_segment *segment)
{
    ptrdiff_t end = str_find_char(*code, ']');
    Str digits = str_slice(*code, 1, end < 0 ? 0 : (size_t)end);
    int64_t index;
    if (digits.len == 0 || digits.data[0] < '0' || digits.data[0] > '9' || !str_to_int(digits, &index))
        return false;
    segment->is_index = true;
    segment->index = (size_t)index;
    *code = str_from(*code, (size_t)end + 1);
    return true;
}

bool expr_take_segment(Str *code, struct expr_segment *segment)
{
    *segment = (struct expr_segment){ 0 };
    if (code->len < 2)
        return false;
    if (code->data[0] == '.') {
        Str rest = str_from(*code, 1);
        if (!expr_take_symbol(&rest, &segment->key))
            return false;
        *code = rest;
        return true;
    }
    if (code->data[0] != '[')
        return false;
    bool quoted = code->data[1] == '\'' || code->data[1] == '"';
    return quoted ? take_quoted(code, segment) : take_index(code, segment);
}

bool expr_is_reference(Str code)
{
    Str symbol;
    struct expr_segment segment;
    if (!expr_take_symbol(&code, &symbol))
        return false;
    while (code.len)
        if (!expr_take_segment(&code, &segment))
            return false;
    return true;
}
