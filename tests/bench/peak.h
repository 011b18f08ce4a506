// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a core can do at most, and stopwatches: for the programs of this folder.
#include <pthread.h>
#include <time.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "model/kernels.h"

enum { PEAK_LOOPS = 4000000, PEAK_CHAINS = 12 };
struct spent {
    double wall, cpu;
};

static double clock_seconds(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct spent now(void) { return (struct spent){ clock_seconds(CLOCK_MONOTONIC), clock_seconds(CLOCK_PROCESS_CPUTIME_ID) }; }

// --- the peak

static volatile float sink;

#if defined(__x86_64__)
__attribute__((target("avx512f"))) static int multiply_add_16(void)
{
    __m512 sum[PEAK_CHAINS], a = _mm512_set1_ps(0.999f), b = _mm512_set1_ps(0.001f);
    for (int i = 0; i < PEAK_CHAINS; i++)
        sum[i] = _mm512_set1_ps((float)i);
    for (int n = 0; n < PEAK_LOOPS; n++)
#pragma GCC unroll 12
        for (int i = 0; i < PEAK_CHAINS; i++)
            sum[i] = _mm512_fmadd_ps(sum[i], a, b);
    for (int i = 1; i < PEAK_CHAINS; i++)
        sum[0] = _mm512_add_ps(sum[0], sum[i]);
    sink = _mm512_cvtss_f32(sum[0]);
    return 16;
}

__attribute__((target("avx2,fma"))) static int multiply_add_8(void)
{
    __m256 sum[PEAK_CHAINS], a = _mm256_set1_ps(0.999f), b = _mm256_set1_ps(0.001f);
    for (int i = 0; i < PEAK_CHAINS; i++)
        sum[i] = _mm256_set1_ps((float)i);
    for (int n = 0; n < PEAK_LOOPS; n++)
#pragma GCC unroll 12
        for (int i = 0; i < PEAK_CHAINS; i++)
            sum[i] = _mm256_fmadd_ps(sum[i], a, b);
    for (int i = 1; i < PEAK_CHAINS; i++)
        sum[0] = _mm256_add_ps(sum[0], sum[i]);
    sink = _mm256_cvtss_f32(sum[0]);
    return 8;
}
#endif

static int multiply_add(void)
{
#if defined(__x86_64__)
    if (kernels_find("avx512"))
        return multiply_add_16();
    if (kernels_find("avx2"))
        return multiply_add_8();
#endif
    float sum[PEAK_CHAINS] = { 0 };
    for (int n = 0; n < PEAK_LOOPS; n++)
        for (int i = 0; i < PEAK_CHAINS; i++)
            sum[i] = sum[i] * 0.999f + 0.001f;
    for (int i = 0; i < PEAK_CHAINS; i++)
        sink = sink + sum[i];
    return 1;
}

// --- rounds

enum { PEAK_THREADS = 64, ROUNDS_MAX = 16 };
#define PEAK_SECONDS 0.1                // of each measurement of the peak
struct peak_thread {
    pthread_barrier_t *together;
    double flops;                       // a second of processor time
};

static void *measure_peak(void *arg)
{
    struct peak_thread *t = arg;
    pthread_barrier_wait(t->together);
    double start = clock_seconds(CLOCK_THREAD_CPUTIME_ID), spent, flop = 0;
    do {
        flop += 2.0 * PEAK_LOOPS * PEAK_CHAINS * multiply_add();
        spent = clock_seconds(CLOCK_THREAD_CPUTIME_ID) - start;
    } while (spent < PEAK_SECONDS);
    t->flops = flop / spent;
    return NULL;
}

// Of one core on average, with `threads` at once that begin together: two that share a core must not be measured alone. The caller is one of
// them: what it measures before and after ran where it runs.
static double peak(int threads)
{
    pthread_t thread[PEAK_THREADS];
    struct peak_thread of[PEAK_THREADS] = { 0 };
    pthread_barrier_t together;
    double sum = 0;
    threads = MIN(threads, PEAK_THREADS);
    pthread_barrier_init(&together, NULL, (unsigned)threads);
    for (int i = 0; i < threads; i++) {
        of[i].together = &together;
        if (i > 0)
            pthread_create(&thread[i], NULL, measure_peak, &of[i]);
    }
    measure_peak(&of[0]);
    for (int i = 0; i < threads; i++) {
        if (i > 0)
            pthread_join(thread[i], NULL);
        sum += of[i].flops;
    }
    pthread_barrier_destroy(&together);
    return sum / threads;
}

static int ascending(const void *x, const void *y)
{
    const double *a = x, *b = y;
    return *a < *b ? -1 : *a > *b;
}

static double median(double *of, int count)
{
    qsort(of, (size_t)count, sizeof *of, ascending);
    return (of[(count - 1) / 2] + of[count / 2]) / 2;
}

struct rounds {                         // the medians
    double wall, cpu;                   // of one round
    double peak;                        // of one core; 0 where nobody asked
};

// Work and the peak of `threads` cores by turns, peak first and last, so that both see the same of a clock that wanders by a tenth within
// seconds, and of what the host's other guests do. Of both the median: never the best of one beside the mean of the other. 0 threads: no peak.
static struct rounds measure_rounds(int count, int threads, void (*work)(void *arg), void *arg)
{
    double wall[ROUNDS_MAX], cpu[ROUNDS_MAX], peaks[ROUNDS_MAX + 1] = { 0 };
    count = MIN(count, ROUNDS_MAX);
    for (int i = 0; i < count; i++) {
        if (threads)
            peaks[i] = peak(threads);
        struct spent start = now();
        work(arg);
        struct spent end = now();
        wall[i] = end.wall - start.wall, cpu[i] = end.cpu - start.cpu;
    }
    if (threads)
        peaks[count] = peak(threads);
    return (struct rounds){ median(wall, count), median(cpu, count), median(peaks, count + 1) };
}
