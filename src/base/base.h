// SPDX-License-Identifier: Apache-2.0
#pragma once
// What every file may use: attributes, CHECK, and the functions that nobody may use.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>             // before the poison: these headers declare what is banned
#include <stdlib.h>
#include <string.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#define NORETURN __attribute__((noreturn))
#define UNUSED __attribute__((unused))
#define UNINITIALIZED __attribute__((uninitialized))    // a large buffer: the release build would zero it at each call
#define LEN(array) (sizeof(array) / sizeof(array)[0])
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr) - offsetof(type, member)))

#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif

// A bug in Petri, not a mistake of the user: prints the place and aborts, in release builds too.
#define CHECK(cond) ((cond) ? (void)0 : check_failed(__FILE__, __LINE__, __func__, #cond))
NORETURN void check_failed(const char *file, int line, const char *func, const char *cond);

// Memory is out: says so in one line and ends the process at once with OUT_OF_MEMORY_EXIT, as if it had been killed. That is the truth
// that is left: nothing more is acknowledged, and what was is on disk.
enum { OUT_OF_MEMORY_EXIT = 6 };
NORETURN void out_of_memory(size_t size);

// malloc, realloc, calloc, strdup that end the process when memory is out. The edges bound what a user can ask for.
void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *ptr, size_t size);
char *xstrdup(const char *text);

#pragma GCC poison strcpy strcat strncpy strtok sprintf vsprintf gets atoi atol
