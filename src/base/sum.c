// SPDX-License-Identifier: Apache-2.0
// SHA-1, SHA-256 and MD5 where a standard wants them, by OpenSSL. Not for Petri's own digests and not for security:
// SHA-1 and MD5 only compare with what others have published.
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <unistd.h>

#include "base/hash.h"

struct sum {
    EVP_MD_CTX *context;
};

// Finding an algorithm costs more than hashing a small file, so it is done once. "-fips": a checksum is no security
// function, and MD5 has to work on machines whose OpenSSL is set to FIPS algorithms by default.
static const char *const names[] = { [SUM_SHA1] = "SHA1", [SUM_SHA256] = "SHA256", [SUM_MD5] = "MD5" };
static EVP_MD *algorithms[LEN(names)];
static pthread_once_t fetched = PTHREAD_ONCE_INIT;

static void fetch_algorithms(void)
{
    if (!OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL) || OSSL_LIB_CTX_get0_global_default() == NULL)
        return;                         // when memory is out, a fetch without it crashes inside of OpenSSL
    for (size_t i = 0; i < LEN(names); i++)
        algorithms[i] = EVP_MD_fetch(NULL, names[i], "-fips");
}

// OpenSSL does not tell memory that is out from an algorithm that its configuration leaves out.
NORETURN static void end_without(const char *name)
{
    fprintf(stderr, "petri: OpenSSL cannot make %s checksums: memory is out, or its configuration (openssl.cnf) leaves them out\n", name);
    _exit(OUT_OF_MEMORY_EXIT);
}

struct sum *sum_new(enum sum_kind kind)
{
    pthread_once(&fetched, fetch_algorithms);
    CHECK((size_t)kind < LEN(names));
    struct sum *s = xmalloc(sizeof *s);
    s->context = EVP_MD_CTX_new();
    if (algorithms[kind] == NULL || s->context == NULL || !EVP_DigestInit_ex2(s->context, algorithms[kind], NULL))
        end_without(names[kind]);
    return s;
}

void sum_update(struct sum *s, const void *bytes, size_t len)
{
    CHECK(EVP_DigestUpdate(s->context, bytes, len));
}

void sum_finish(struct sum *s, char out[HASH_HEX + 1])
{
    uint8_t bytes[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    CHECK(EVP_DigestFinal_ex(s->context, bytes, &len) && len * 2 <= HASH_HEX);
    for (unsigned i = 0; i < len; i++)
        snprintf(out + i * 2, 3, "%02x", bytes[i]);
    EVP_MD_CTX_free(s->context);
    free(s);
}
