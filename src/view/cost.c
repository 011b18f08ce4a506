// SPDX-License-Identifier: Apache-2.0
// Adds up what attempts reserved, by a price table. It knows no prices of its own.
#include "view/cost.h"

#include <math.h>

#define HOUR ((double)SECOND * 3600)
#define GIB 1073741824.0
#define GB 1e9

static const struct price_field {
    Str name;
    size_t offset;
} fields[] = {
    { STR_CONST("core_hour"), offsetof(struct price_table, core_hour) }, { STR_CONST("gib_hour"), offsetof(struct price_table, gib_hour) },
    { STR_CONST("gpu_hour"), offsetof(struct price_table, gpu_hour) },   { STR_CONST("gb_month"), offsetof(struct price_table, gb_month) },
    { STR_CONST("egress_gb"), offsetof(struct price_table, egress_gb) },
};

bool prices_are_set(const struct price_table *p)
{
    for (size_t i = 0; i < LEN(fields); i++)
        if (*(const double *)(const void *)((const char *)p + fields[i].offset) > 0)
            return true;
    return false;
}

Value prices_value(struct arena *a, const struct price_table *p)
{
    struct value_builder b = value_map_begin(a);
    if (!prices_are_set(p))
        return value_null;
    value_map_set(&b, STR("currency"), value_string(a, p->currency));
    for (size_t i = 0; i < LEN(fields); i++)
        value_map_set(&b, fields[i].name, value_float(*(const double *)(const void *)((const char *)p + fields[i].offset)));
    return value_map_end(&b);
}

bool prices_from_value(Value v, struct price_table *out)
{
    *out = (struct price_table){ .currency = value_get_str(v, STR("currency")) };
    for (size_t i = 0; i < LEN(fields); i++) {
        double price;
        if (value_as_double(value_get(v, fields[i].name), &price) && price >= 0)
            *(double *)(void *)((char *)out + fields[i].offset) = price;
    }
    return prices_are_set(out);
}

static void cost_add(struct cost *total, const struct cost *more)
{
    total->attempts += more->attempts, total->unmeasured += more->unmeasured;
    total->wall += more->wall, total->cpu += more->cpu;
    total->core_hours += more->core_hours, total->gib_hours += more->gib_hours, total->gpu_hours += more->gpu_hours;
    total->money += more->money;
}

// How long it held what it had reserved; -1: nobody knows.
static Time held(const struct recorded_attempt *t, Time now)
{
    Time started, ended;
    if (t->measured.wall >= 0 && t->measured.started)
        return t->measured.wall;
    recorded_attempt_times(t, &started, &ended);
    if (t->state == RECORDED_RUNNING && started)
        return MAX(now - started, 0);
    return started && ended ? MAX(ended - started, 0) : -1;
}

struct cost cost_of_attempt(const struct recorded_attempt *t, const struct price_table *p, Time now)
{
    struct cost c = { 0 };
    if (!t->was_started)
        return c;
    Time wall = held(t, now);
    c.attempts = 1;
    c.unmeasured = wall < 0;
    c.wall = MAX(wall, 0);
    c.cpu = MAX(t->measured.user, 0) + MAX(t->measured.system, 0);
    c.core_hours = t->cores * (double)c.wall / HOUR;
    c.gib_hours = (double)t->memory / GIB * (double)c.wall / HOUR;
    c.gpu_hours = t->gpus * (double)c.wall / HOUR;
    c.money = c.core_hours * p->core_hour + c.gib_hours * p->gib_hour + c.gpu_hours * p->gpu_hour;
    return c;
}

struct cost cost_of_task(const struct recorded_task *t, const struct price_table *p, Time now)
{
    struct cost total = { 0 };
    for (size_t i = 0; i < t->attempts.len; i++) {
        struct cost c = cost_of_attempt(&t->attempts.at[i], p, now);
        cost_add(&total, &c);
    }
    return total;
}

static int64_t bytes_of_outputs(Value v)
{
    int64_t bytes = 0;
    if (v.kind == VALUE_ARRAY)
        for (size_t i = 0; i < v.array->len; i++)
            bytes += bytes_of_outputs(v.array->at[i]);
    if (v.kind != VALUE_MAP)
        return bytes;
    if (value_is_file(v))
        bytes += value_get_int(v, STR("size"), 0);
    for (size_t i = 0; i < v.map->len; i++)
        bytes += bytes_of_outputs(v.map->at[i].value);
    return bytes;
}

struct run_cost *cost_of_run(struct arena *a, const struct run_record *r, const struct price_table *prices, Time now)
{
    struct run_cost *c = NEW(a, struct run_cost);
    struct map samples = { 0 };
    const struct recorded_start *last = run_record_last(r);
    if (prices)
        c->prices = *prices;
    else
        prices_from_value(last->prices, &c->prices);
    for (size_t i = 0; i < r->steps.len; i++)
        vec_push(a, &c->steps, (struct cost_line){ .name = ((const struct recorded_step *)r->steps.entries[i].value)->name });
    for (size_t i = 0; i < r->tasks.len; i++) {
        const struct recorded_task *t = r->tasks.entries[i].value;
        struct cost cost = cost_of_task(t, &c->prices, now);
        cost_add(&c->total, &cost);
        cost_add(&c->steps.at[t->step->index].cost, &cost);
        size_t at = (size_t)(uintptr_t)map_find(&samples, t->sample);
        if (at == 0) {
            vec_push(a, &c->samples, (struct cost_line){ .name = t->sample });
            at = c->samples.len;
            map_set(&samples, t->sample, (void *)(uintptr_t)at);
        }
        cost_add(&c->samples.at[at - 1].cost, &cost);
    }
    if (c->samples.len == 1 && c->samples.at[0].name.len == 0)
        c->samples.len = 0;
    map_release(&samples);
    c->output_bytes = bytes_of_outputs(last->outputs);
    c->storage_month = (double)c->output_bytes / GB * c->prices.gb_month;
    c->egress = (double)c->output_bytes / GB * c->prices.egress_gb;
    return c;
}

Str money_text(struct arena *a, double money, const struct price_table *p)
{
    int decimals = 2;
    if (money > 0 && money < 0.1)
        decimals = (int)MIN(1 - floor(log10(money)), 6.0);
    Str number = money > 0 && money < 1e-6 ? STR("< 0.000001") : str_printf(a, "%.*f", decimals, money);
    return p->currency.len ? str_printf(a, STR_FMT " " STR_FMT, STR_ARG(number), STR_ARG(p->currency)) : number;
}

// --- JSON

static void set_cost(struct value_builder *b, const struct cost *c)
{
    value_map_set(b, STR("attempts"), value_int(c->attempts));
    value_map_set(b, STR("unmeasured"), value_int(c->unmeasured));
    value_map_set(b, STR("seconds"), value_float((double)c->wall / (double)SECOND));
    value_map_set(b, STR("cpu_seconds"), value_float((double)c->cpu / (double)SECOND));
    value_map_set(b, STR("core_hours"), value_float(c->core_hours));
    value_map_set(b, STR("gib_hours"), value_float(c->gib_hours));
    value_map_set(b, STR("gpu_hours"), value_float(c->gpu_hours));
    value_map_set(b, STR("cost"), value_float(c->money));
}

static Value lines_value(struct arena *a, Str kind, const struct cost_line *lines, size_t count)
{
    Value *items = NEW_ARRAY(a, Value, count);
    for (size_t i = 0; i < count; i++) {
        struct value_builder b = value_map_begin(a);
        value_map_set(&b, kind, value_string(a, lines[i].name));
        set_cost(&b, &lines[i].cost);
        items[i] = value_map_end(&b);
    }
    return value_array(a, items, count);
}

static Value tasks_value(struct arena *a, const struct run_record *r, const struct price_table *p)
{
    Value *items = NEW_ARRAY(a, Value, r->tasks.len);
    for (size_t i = 0; i < r->tasks.len; i++) {
        const struct recorded_task *t = r->tasks.entries[i].value;
        struct value_builder b = value_map_begin(a);
        struct cost cost = cost_of_task(t, p, r->last);
        value_map_set(&b, STR("task"), value_string(a, t->name));
        set_cost(&b, &cost);
        items[i] = value_map_end(&b);
    }
    return value_array(a, items, r->tasks.len);
}

Value run_cost_value(struct arena *a, const struct run_record *r, const struct run_cost *c)
{
    struct value_builder b = value_map_begin(a);
    value_map_set(&b, STR("run"), value_string(a, r->run));
    value_map_set(&b, STR("prices"), prices_value(a, &c->prices));
    value_map_set(&b, STR("currency"), value_string(a, c->prices.currency));
    set_cost(&b, &c->total);
    value_map_set(&b, STR("output_bytes"), value_int(c->output_bytes));
    value_map_set(&b, STR("storage_month"), value_float(c->storage_month));
    value_map_set(&b, STR("egress"), value_float(c->egress));
    value_map_set(&b, STR("steps"), lines_value(a, STR("step"), c->steps.at, c->steps.len));
    value_map_set(&b, STR("samples"), lines_value(a, STR("sample"), c->samples.at, c->samples.len));
    value_map_set(&b, STR("tasks"), tasks_value(a, r, &c->prices));
    return value_map_end(&b);
}
