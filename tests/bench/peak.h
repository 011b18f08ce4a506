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

enum { PEAK_ROUNDS = 6, PEAK_THREADS = 64 };
struct peak_thread {
    pthread_barrier_t *together;
    double flops[PEAK_ROUNDS];          // a second of processor time
};

static void *measure_peak(void *arg)
{
    struct peak_thread *t = arg;
    for (int i = 0; i < PEAK_ROUNDS; i++) {
        pthread_barrier_wait(t->together);
        double start = clock_seconds(CLOCK_THREAD_CPUTIME_ID);
        int lanes = multiply_add();
        t->flops[i] = 2.0 * PEAK_LOOPS * PEAK_CHAINS * lanes / (clock_seconds(CLOCK_THREAD_CPUTIME_ID) - start);
    }
    return NULL;
}

// On `threads` at once, of one of them on average; the best of some rounds. Each begins together: two that share a core must not be measured alone.
static double peak(int threads)
{
    pthread_t thread[PEAK_THREADS];
    struct peak_thread of[PEAK_THREADS] = { 0 };
    pthread_barrier_t together;
    double best = 0;
    threads = MIN(threads, PEAK_THREADS);
    pthread_barrier_init(&together, NULL, (unsigned)threads);
    for (int i = 0; i < threads; i++) {
        of[i].together = &together;
        pthread_create(&thread[i], NULL, measure_peak, &of[i]);
    }
    for (int i = 0; i < threads; i++)
        pthread_join(thread[i], NULL);
    for (int round = 0; round < PEAK_ROUNDS; round++) {
        double sum = 0;
        for (int i = 0; i < threads; i++)
            sum += of[i].flops[round];
        best = MAX(best, sum / threads);
    }
    pthread_barrier_destroy(&together);
    return best;
}
