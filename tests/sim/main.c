// SPDX-License-Identifier: Apache-2.0
// petri-sim: worlds by their seeds. Exit code 1, with the seed and what did not hold, at the first that breaks a promise.
#include "sim.h"

#include <getopt.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
    "usage: petri-sim [--seed S] [--first S] [--seeds N] [--seconds T] [--nodes N] [--trace] [--mutant NAME]\n"
    "  --seed S      one world, with what happened in it\n"
    "  --first S --seeds N   N worlds from S on (1, 1000)\n"
    "  --seconds T   worlds from --first on until T seconds are over\n"
    "  --nodes N     workflows of N tasks in place of a drawn number\n"
    "  --trace       every step on stdout\n"
    "  --mutant NAME a head with a bug, which the checkers must find (`--mutant list`)\n";

struct options {
    uint64_t first, seeds;
    double seconds;
    int nodes;
    bool is_traced, is_one;
    enum mutant mutant;
};
struct totals {
    uint64_t worlds, tasks, told, heads, steps, checks, faults[FAULT_COUNT];
};

static volatile uint64_t current_seed;

// A CHECK of the core that does not hold ends the process: whose seed it was must still be said.
static void on_crash(int signal_number)
{
    char text[128];
    int len = snprintf(text, sizeof text, "petri-sim: seed %llu: ended by signal %d\n", (unsigned long long)current_seed, signal_number);
    (void)!write(STDERR_FILENO, text, (size_t)len);
    _exit(1);
}

static double seconds_now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void run_one(const struct options *o, uint64_t seed, struct totals *t)
{
    current_seed = seed;
    struct world *w = world_new(seed, o->nodes);
    w->is_traced = o->is_traced;
    w->mutant = o->mutant;
    world_run(w);
    t->worlds++;
    t->tasks += (uint64_t)w->node_count;
    t->told += w->told, t->heads += (uint64_t)w->starts, t->steps += w->steps, t->checks += w->checks;
    for (int i = 0; i < FAULT_COUNT; i++)
        t->faults[i] += (uint64_t)w->faults[i];
    world_free(w);
}

static void report(const struct totals *t, double cpu)
{
    uint64_t faults = 0;
    for (int i = 0; i < FAULT_COUNT; i++)
        faults += t->faults[i];
    printf("%llu worlds, %llu tasks, %llu told in %llu heads, %llu steps, %llu faults, %llu checks: every promise held\n",
           (unsigned long long)t->worlds, (unsigned long long)t->tasks, (unsigned long long)t->told, (unsigned long long)t->heads,
           (unsigned long long)t->steps, (unsigned long long)faults, (unsigned long long)t->checks);
    for (int i = 0; i < FAULT_COUNT; i++)
        if (t->faults[i])
            printf("%10llu %s\n", (unsigned long long)t->faults[i], fault_names[i]);
    if (t->told > 10000)                // else it says nothing
        fprintf(stderr, "%.0f tasks told per second of CPU\n", (double)t->told / cpu);
}

static enum mutant mutant_of(const char *name)
{
    for (int i = 0; i < MUTANT_COUNT; i++)
        if (strcmp(name, mutant_names[i]) == 0)
            return (enum mutant)i;
    for (int i = 1; i < MUTANT_COUNT; i++)
        puts(mutant_names[i]);
    exit(strcmp(name, "list") == 0 ? 0 : 2);
}

static uint64_t number(const char *text)
{
    char *end;
    unsigned long long n = strtoull(text, &end, 10);
    if (*text == '\0' || *end != '\0') {
        fprintf(stderr, "petri-sim: '%s' is no number\n%s", text, usage);
        exit(2);
    }
    return n;
}

static struct options read_options(int argc, char **argv)
{
    static const struct option names[] = { { "seed", 1, NULL, 's' }, { "first", 1, NULL, 'f' }, { "seeds", 1, NULL, 'n' }, { "seconds", 1, NULL, 't' },
                                           { "nodes", 1, NULL, 'd' }, { "trace", 0, NULL, 'v' }, { "mutant", 1, NULL, 'm' },
                                           { "help", 0, NULL, 'h' }, { 0 } };
    struct options o = { .first = 1, .seeds = 1000 };
    for (int c; (c = getopt_long(argc, argv, "", names, NULL)) >= 0;) {
        switch (c) {
        case 's': o.first = number(optarg), o.seeds = 1, o.is_one = true; break;
        case 'f': o.first = number(optarg); break;
        case 'n': o.seeds = number(optarg); break;
        case 't': o.seconds = (double)number(optarg); break;
        case 'd': o.nodes = (int)MIN(number(optarg), (uint64_t)10000000); break;
        case 'v': o.is_traced = true; break;
        case 'm': o.mutant = mutant_of(optarg); break;
        case 'h': fputs(usage, stdout); exit(0);
        default: fputs(usage, stderr); exit(2);
        }
    }
    return o;
}

int main(int argc, char **argv)
{
    struct options o = read_options(argc, argv);
    struct totals t = { 0 };
    double start = seconds_now(CLOCK_PROCESS_CPUTIME_ID), until = seconds_now(CLOCK_MONOTONIC) + o.seconds;
    signal(SIGABRT, on_crash);
    for (uint64_t i = 0; o.seconds > 0 ? seconds_now(CLOCK_MONOTONIC) < until : i < o.seeds; i++)
        run_one(&o, o.first + i, &t);
    report(&t, seconds_now(CLOCK_PROCESS_CPUTIME_ID) - start);
    return 0;
}
