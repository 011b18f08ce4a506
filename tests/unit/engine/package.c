// SPDX-License-Identifier: Apache-2.0
#include "engine/package.h"

#include "base/arena.h"
#include "sys/file.h"
#include "unit/test.h"

static void put(struct arena *a, const char *path, const char *text)
{
    struct err err;
    Str full = str_join_path(a, str_of(test_dir()), str_of(path));
    EXPECT_OK(dir_make_all(str_dirname(full), &err), err);
    EXPECT_OK(file_write_atomic(full, str_of(text), &err), err);
}

TEST(a_program_of_a_debian_package_is_found_in_its_list_also_at_its_place_before_bin_was_merged)
{
    struct arena a = { 0 };
    struct package p;
    put(&a, "var/lib/dpkg/info/aaa.list", "/usr/no/such/program-not\n/no/such/program/x\n");
    put(&a, "var/lib/dpkg/info/bbb:amd64.list", "/.\n/no/such/program\n");
    put(&a, "var/lib/dpkg/status", "Package: bb\nVersion: 0\n\nPackage: bbb\nStatus: install ok installed\nVersion: 1:2.3-4\n\nPackage: c\nVersion: 9\n");
    EXPECT(package_find(&a, test_dir(), STR("/usr/no/such/program"), &p));
    EXPECT_STR(p.name, STR("bbb"));
    EXPECT_STR(p.version, STR("1:2.3-4"));
    EXPECT_STR(p.manager, STR("dpkg"));
    EXPECT(!package_find(&a, test_dir(), STR("/usr/no/such/prog"), &p));
    EXPECT(!package_find(&a, test_dir(), STR("/no/such/program"), &p));
    EXPECT_INT(p.name.len, 0);
    arena_release(&a);
}

TEST(a_program_of_conda_is_known_by_the_list_beside_its_folder)
{
    struct arena a = { 0 };
    struct package p;
    put(&a, "env/bin/samtools", "");
    put(&a, "env/conda-meta/zlib-1.2.13-h_0.json", "{\"files\": [\"lib/libz.so\"]}");
    put(&a, "env/conda-meta/my-samtools-1.16.1-h6899075_1.json", "{\"files\": [\"bin/samtools\", \"bin/other\"]}");
    put(&a, "env/conda-meta/history", "\"bin/samtools\"");
    EXPECT(package_find(&a, test_dir(), str_join_path(&a, str_of(test_dir()), STR("env/bin/samtools")), &p));
    EXPECT_STR(p.name, STR("my-samtools"));
    EXPECT_STR(p.version, STR("1.16.1"));
    EXPECT_STR(p.manager, STR("conda"));
    arena_release(&a);
}

TEST(a_program_of_nix_is_known_by_its_folder)
{
    struct arena a = { 0 };
    struct package p;
    EXPECT(package_find(&a, test_dir(), STR("/nix/store/0123456789abcdfghijklmnpqrsvwxyz-bwa-mem2-2.2.1/bin/bwa"), &p));
    EXPECT_STR(p.name, STR("bwa-mem2"));
    EXPECT_STR(p.version, STR("2.2.1"));
    arena_release(&a);
}
