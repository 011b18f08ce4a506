// SPDX-License-Identifier: Apache-2.0
// Containers without an engine: command lines, orders, reports, names, lock files, and finding images by a program that only plays one.
#include <sys/stat.h>

#include "base/arena.h"
#include "exec/container/box.h"
#include "exec/container/containers.h"
#include "exec/container/inspect.h"
#include "exec/container/orders.h"
#include "sys/file.h"
#include "unit/test.h"
#include "value/diag.h"

#define ID "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER_ID "sha256:fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

static struct arena a;
static struct err err;
static struct sandbox sandbox;

// All words in one line, for looking into.
static Str command_of(const struct box *b, const struct box_user *u, const struct box_mount *mounts, size_t count)
{
    struct strbuf line = { 0 };
    struct box_run run = { STR("petri-x"), STR("run-1-2"), u, &sandbox, mounts, count };
    Str *argv;
    size_t argc;
    EXPECT_OK(box_command(&a, b, &run, &argv, &argc, &err), err);
    for (size_t i = 0; i < argc; i++)
        strbuf_addf(&line, "%s" STR_FMT, i ? " " : "", STR_ARG(argv[i]));
    return strbuf_take(&line, &a);
}

static bool has(Str line, const char *words)
{
    return str_find(str_printf(&a, " " STR_FMT " ", STR_ARG(line)), str_printf(&a, " %s ", words)) >= 0;
}

static const struct box_user alice = { .user = 1000, .group = 1000, .groups = (const uint32_t[]){ 1000, 2000 }, .group_count = 2,
                                       .files_soft = 1024, .files_hard = 4096 };
static const struct box_user root = { .files_soft = 1024, .files_hard = 4096 };
static const struct box docker = { .kind = ENGINE_DOCKER, .program = STR_CONST("/usr/bin/docker"), .image = STR_CONST(ID), .can_limit = true };

TEST(a_container_has_no_network_no_privileges_and_nothing_to_write_to_unless_it_is_asked_for)
{
    Str line = command_of(&docker, &alice, NULL, 0);
    EXPECT(has(line, "--network=none"));
    EXPECT(has(line, "--read-only"));
    EXPECT(has(line, "--cap-drop=ALL"));
    EXPECT(has(line, "--security-opt=no-new-privileges"));
    EXPECT(has(line, "--pull=never"));
    EXPECT(!has(line, "--cap-add"));
    EXPECT(!has(line, "--memory"));
    EXPECT(str_ends(line, STR(" " ID)));
    sandbox.network = true, sandbox.limits.memory_bytes = 1 << 28, sandbox.limits.processes = 10, sandbox.limits.open_files = 2000;
    line = command_of(&docker, &alice, NULL, 0);
    EXPECT(!has(line, "--network=none"));
    EXPECT(has(line, "--memory 268435456 --memory-swap 268435456 --pids-limit 11"));
    EXPECT(has(line, "--ulimit nofile=1024:2000"));
    struct box unable = docker;
    unable.can_limit = false;
    EXPECT(!has(command_of(&unable, &alice, NULL, 0), "--memory"));
}

TEST(files_made_in_a_container_belong_to_the_user_whatever_the_engine)
{
    struct box podman = docker, rootless = docker;
    podman.kind = ENGINE_PODMAN, podman.is_rootless = rootless.is_rootless = true;
    Str line = command_of(&docker, &alice, NULL, 0);
    EXPECT(has(line, "--user 1000:1000"));
    EXPECT(has(line, "--group-add 2000"));
    line = command_of(&podman, &alice, NULL, 0);
    EXPECT(has(line, "--user 1000:1000"));
    EXPECT(has(line, "--userns=keep-id"));
    EXPECT(!has(line, "--group-add 2000"));
    line = command_of(&rootless, &alice, NULL, 0);
    EXPECT(has(line, "--user 0:0"));
    EXPECT(!has(line, "--userns=keep-id"));
    line = command_of(&docker, &root, NULL, 0);
    EXPECT(has(line, "--user 0:0"));
    EXPECT(has(line, "--cap-add CHOWN"));
}

TEST(a_mount_s_path_with_commas_and_quotes_stays_one_path)
{
    const struct box_mount mounts[] = { { STR_CONST("/data/Smith, J/\"x\".bam"), STR_CONST("/petri/task/in/0/x.bam"), false },
                                        { STR_CONST("/w/out"), STR_CONST("/petri/task/out"), true } };
    Str line = command_of(&docker, &alice, mounts, LEN(mounts));
    EXPECT(has(line, "type=bind,\"source=/data/Smith, J/\"\"x\"\".bam\",target=/petri/task/in/0/x.bam,readonly"));
    EXPECT(has(line, "type=bind,source=/w/out,target=/petri/task/out"));
}

TEST(apptainer_refuses_a_path_that_it_would_take_apart)
{
    const struct box b = { .kind = ENGINE_APPTAINER, .program = STR_CONST("/usr/bin/apptainer"), .image = STR_CONST("/i.sif") };
    const struct box_mount good = { STR_CONST("/a/b"), STR_CONST("/c"), false }, bad = { STR_CONST("/a:b"), STR_CONST("/c"), false };
    struct box_run run = { STR("n"), STR("l"), &alice, &sandbox, &bad, 1 };
    Str *argv;
    size_t argc;
    EXPECT(has(command_of(&b, &alice, &good, 1), "--bind /a/b:/c:ro"));
    EXPECT_ERR(box_command(&a, &b, &run, &argv, &argc, &err), err, ERR_UNSUPPORTED);
    EXPECT(str_find(str_of(err.text), STR("/a:b")) >= 0);
}

TEST(two_attempts_have_two_names_and_one_has_one)
{
    Str x = box_name(&a, STR("/home/.petri/attempts/k"), STR("r-1-1"));
    EXPECT_STR(x, box_name(&a, STR("/home/.petri/attempts/k"), STR("r-1-1")));
    EXPECT(!str_eq(x, box_name(&a, STR("/other/.petri/attempts/k"), STR("r-1-1"))));
    EXPECT(!str_eq(x, box_name(&a, STR("/home/.petri/attempts/k"), STR("r-1-2"))));
}

TEST(orders_are_bytes_and_the_entry_point_comes_first)
{
    const Str entrypoint[] = { STR_CONST("bash") }, argv[] = { STR_CONST("-c"), STR_CONST("a\n\xff") };
    const struct env_var env[] = { { STR_CONST("X"), STR_CONST("1=2") } };
    const struct box b = { .entrypoint = entrypoint, .entrypoint_count = 1 };
    struct box_orders o = { .box = &b, .argv = argv, .argc = 2, .env = env, .env_count = 1, .workdir = STR("/w"), .stdin_path = STR("/dev/null"),
                            .stdout_path = STR("/o"), .stderr_path = STR("/e") };
    struct strbuf text = { 0 };
    EXPECT_OK(box_orders_text(&o, &text, &err), err);
    const char expected[] = ORDERS_MAGIC "\0/w\0/dev/null\0/o\0/e\0" "3\0bash\0-c\0a\n\xff\0" "1\0X=1=2";
    EXPECT_STR(strbuf_str(&text), ((Str){ expected, sizeof expected }));
    strbuf_clear(&text);
    const Str bad[] = { { "a\0b", 3 } };
    o.argv = bad, o.argc = 1;
    EXPECT_ERR(box_orders_text(&o, &text, &err), err, ERR_INVALID);
    strbuf_release(&text);
}

TEST(a_report_tells_the_end_of_the_command_and_what_it_used)
{
    struct box_report r = box_report_read(STR("started\nend signal 9 user 12 system 34 peak 56 read 7 written 8 oom 1 limit 1048576\n"));
    EXPECT(r.has_started && r.has_ended && r.is_signal && !r.has_failed);
    EXPECT_INT(r.number, 9);
    EXPECT_INT(r.user_ns + r.system_ns + r.peak_bytes + r.oom_kills, 12 + 34 + 56 + 1);
    EXPECT_INT(r.limit_bytes, 1048576);
    r = box_report_read(STR("started\nfailed 1 no such thing\n"));
    EXPECT(r.has_failed && !r.has_ended);
    EXPECT_INT(r.failure, BOX_NOT_FOUND);
    EXPECT_STR(r.failure_text, STR("no such thing"));
    r = box_report_read(STR("end exit 300 user 1\nend boom 1\nfailed 99 x\nend\n\n"));
    EXPECT(!r.has_started && !r.has_ended && !r.has_failed);
    EXPECT_INT(r.peak_bytes, -1);
}

TEST(names_of_images_are_what_registries_call_them)
{
    static const char *const names[][2] = {
        { "debian", "docker.io/library/debian:latest" },
        { "debian:12", "docker.io/library/debian:12" },
        { "docker.io/debian:12", "docker.io/library/debian:12" },
        { "biocontainers/bwa:v1", "docker.io/biocontainers/bwa:v1" },
        { "quay.io/biocontainers/bwa", "quay.io/biocontainers/bwa:latest" },
        { "localhost:5000/x", "localhost:5000/x:latest" },
        { "localhost/x:1", "localhost/x:1" },
        { "debian@" ID, "docker.io/library/debian@" ID },
    };
    for (size_t i = 0; i < LEN(names); i++)
        EXPECT_STR(image_full_name(&a, str_of(names[i][0])), str_of(names[i][1]));
}

TEST(both_engines_ways_to_describe_an_image_are_understood)
{
    struct image image;
    EXPECT_OK(inspect_read(&a, STR("[{\"Id\":\"" ID "\",\"RepoDigests\":[\"x/y@" OTHER_ID "\",\"docker.io/library/debian@" ID "\"],"
                                   "\"Config\":{\"Entrypoint\":[\"tini\",\"--\"]},\"Size\":12}]"), STR("docker.io/library/debian"), &image, &err), err);
    EXPECT_STR(image.id, STR(ID));
    EXPECT_STR(image.digest, STR("docker.io/library/debian@" ID));
    EXPECT_INT(image.entrypoint_count, 2);
    EXPECT_STR(image.entrypoint[1], STR("--"));
    EXPECT_OK(inspect_read(&a, str_concat(&a, STR("{\"Config\":{\"Entrypoint\":null},\"Id\":\""), str_concat(&a, str_from(STR(ID), 7), STR("\"}"))),
                           STR("x"), &image, &err), err);
    EXPECT_STR(image.id, STR(ID));
    EXPECT_INT(image.entrypoint_count + image.digest.len, 0);
    static const char *const bad[] = { "", "[]", "[1]", "{}", "{\"Id\":\"abc\"}", "{\"Id\":\"" ID "\",\"Config\":{\"Entrypoint\":[1]}}" };
    for (size_t i = 0; i < LEN(bad); i++)
        EXPECT_ERR(inspect_read(&a, str_of(bad[i]), STR("x"), &image, &err), err, ERR_INVALID);
}

// --- lock files

TEST(a_lock_file_comes_back_as_it_was_written_sorted_by_name)
{
    struct image images[] = { { .name = STR("b"), .id = STR(ID), .digest = STR("quay.io/b@" OTHER_ID), .size = 5 }, { .name = STR("a"), .id = STR(OTHER_ID) } };
    struct image_lock lock = { images, 2 }, back;
    struct source source = { .name = STR("x.lock"), .text = lock_text(&a, &lock) };
    struct diags diags = { .arena = &a };
    EXPECT(lock_parse(&a, &source, &back, &diags));
    EXPECT_INT(back.count, 2);
    EXPECT_STR(back.images[0].name, STR("a"));
    EXPECT_STR(back.images[1].digest, STR("quay.io/b@" OTHER_ID));
    EXPECT_INT(back.images[1].size, 5);
    EXPECT_STR(lock_text(&a, &back), source.text);
}

TEST(a_lock_file_with_a_mistake_is_refused_with_its_place)
{
    static const struct { const char *text, *place; } bad[] = {
        { "{", "x.lock:1:" },
        { "[]", "x.lock:1:1" },
        { "{\"images\": {}}", "petri-images-lock" },
        { "{\"petri-images-lock\": 1}", "images" },
        { "{\"petri-images-lock\": 2, \"images\": {}}", "version 1" },
        { "{\"petri-images-lock\": 1,\n \"images\": {\"a\": {}}}", "x.lock:2:18" },
        { "{\"petri-images-lock\": 1,\n \"images\": {\"a\": {\"id\": \"sha256:12\"}}}", "hexadecimal" },
        { "{\"petri-images-lock\": 1,\n \"images\": {\"a\": {\"id\": \"" ID "\", \"digest\": \"--privileged\"}}}", "REPOSITORY@" },
        { "{\"petri-images-lock\": 1,\n \"images\": {\"a\": {\"idd\": \"" ID "\"}}}", "did you mean 'id'" },
        { "{\"petri-images-lock\": 1, \"images\": 3}", "'images' must be a map" },
    };
    for (size_t i = 0; i < LEN(bad); i++) {
        struct source source = { .name = STR("x.lock"), .text = str_of(bad[i].text) };
        struct diags diags = { .arena = &a };
        struct image_lock lock;
        struct strbuf said = { 0 };
        EXPECT(!lock_parse(&a, &source, &lock, &diags));
        diag_print(&diags, &said);
        if (str_find(strbuf_str(&said), str_of(bad[i].place)) < 0)
            test_fail(__FILE__, __LINE__, "of %s it says " STR_FMT, bad[i].text, STR_ARG(strbuf_str(&said)));
        strbuf_release(&said);
    }
}

TEST(the_lock_file_lies_beside_the_workflow_whatever_part_of_it_runs)
{
    EXPECT_STR(lock_path(&a, STR("/w/main.cwl#align")), STR("/w/main.cwl.images.lock"));
}

// --- finding images, with a program that plays an engine: images are files in its folder, "pull" makes one

static struct image_search fake_engine(const char *pulls)
{
    Str dir = str_of(test_dir()), program = str_join_path(&a, dir, STR("engine"));
    Str script = str_printf(&a,
                            "#!/bin/sh\ncd " STR_FMT "; echo \"$*\" >>calls\ncase \"$1 $2\" in\n"
                            "'image inspect') f=$(echo \"$3\" | tr / _); [ -f \"$f\" ] || { echo 'Error: No such image' >&2; exit 1; }; cat \"$f\" ;;\n"
                            "'pull '*) for w; do :; done; echo '[{\"Id\":\"%s\"}]' >\"$(echo \"$w\" | tr / _)\" ;;\n*) exit 9 ;; esac\n",
                            STR_ARG(dir), pulls);
    EXPECT_OK(file_write_atomic(program, script, &err), err);
    EXPECT(chmod(program.data, 0755) == 0);
    return (struct image_search){ .engine = { .kind = ENGINE_DOCKER, .program = program }, .fetch = IMAGES_FETCH, .lock_name = STR("main.cwl.images.lock") };
}

static bool was_pulled(void)
{
    Str calls;
    EXPECT_OK(file_read(&a, str_join_path(&a, str_of(test_dir()), STR("calls")), 100000, &calls, &err), err);
    return str_find(calls, STR("pull")) >= 0;
}

static void have_image(const char *name, const char *id)
{
    EXPECT_OK(file_write_atomic(str_join_path(&a, str_of(test_dir()), str_of(name)), str_printf(&a, "[{\"Id\":\"%s\"}]", id), &err), err);
}

TEST(an_image_that_is_here_is_not_pulled)
{
    struct image_search s = fake_engine(OTHER_ID);
    struct image_request r = { .name = STR("debian:12"), .pull = STR("debian:12") };
    struct image image;
    have_image("debian:12", ID);
    EXPECT_OK(image_resolve(&a, &s, &r, &image, &err), err);
    EXPECT_STR(image.id, STR(ID));
    EXPECT(!was_pulled());
    s.fetch = IMAGES_UPDATE;
    EXPECT_OK(image_resolve(&a, &s, &r, &image, &err), err);
    EXPECT_STR(image.id, STR(OTHER_ID));
}

TEST(an_image_that_is_not_here_is_pulled_but_not_for_a_dry_run)
{
    struct image_search s = fake_engine(ID);
    struct image_request r = { .name = STR("debian:12"), .pull = STR("debian:12") };
    struct image image;
    s.fetch = IMAGES_LOOK;
    EXPECT_OK(image_resolve(&a, &s, &r, &image, &err), err);
    EXPECT(!image_id_is_valid(image.id) && image.id.len > 0);
    EXPECT(!was_pulled());
    s.fetch = IMAGES_FETCH;
    EXPECT_OK(image_resolve(&a, &s, &r, &image, &err), err);
    EXPECT_STR(image.id, STR(ID));
}

TEST(what_a_lock_pins_is_taken_whatever_the_name_means_today)
{
    struct image_search s = fake_engine(OTHER_ID);
    struct image_request r = { .name = STR("debian:12"), .pull = STR("debian:12") };
    struct image pinned = { .name = STR("debian:12"), .id = STR(ID) }, image;
    struct image_lock lock = { &pinned, 1 };
    s.lock = &lock;
    have_image("debian:12", OTHER_ID);
    EXPECT_ERR(image_resolve(&a, &s, &r, &image, &err), err, ERR_NOT_FOUND);
    have_image(ID, ID);
    EXPECT_OK(image_resolve(&a, &s, &r, &image, &err), err);
    EXPECT_STR(image.id, STR(ID));
    pinned.id = STR("sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), pinned.digest = STR("docker.io/library/debian@" OTHER_ID);
    EXPECT_ERR(image_resolve(&a, &s, &r, &image, &err), err, ERR_CONFLICT);     // the registry gives another one
    lock.count = 0;
    EXPECT_ERR(image_resolve(&a, &s, &r, &image, &err), err, ERR_CONFLICT);     // it is not pinned at all
    EXPECT(str_find(str_of(err.text), STR("petri images pin")) >= 0);
}

TEST(a_name_that_would_be_an_option_of_the_engine_is_refused)
{
    struct image_search s = fake_engine(ID);
    static const char *const names[] = { "--privileged", "a b", "a\nb" };
    for (size_t i = 0; i < LEN(names); i++) {
        struct image_request r = { .name = str_of(names[i]), .pull = str_of(names[i]) };
        struct image image;
        EXPECT_ERR(image_resolve(&a, &s, &r, &image, &err), err, ERR_INVALID);
    }
}

TEST(without_an_engine_hints_are_run_without_and_requirements_are_refused_with_their_place)
{
    struct containers c;
    struct containers_ask ask = { .home = str_of(test_dir()), .engine = ENGINE_AUTO };
    struct image_request r = { .name = STR("x"), .pull = STR("x"), .place = STR("main.cwl:3:5"), .is_hint = true };
    setenv("PATH", "/nonexistent", 1);
    EXPECT_OK(containers_prepare(&a, &r, 1, &ask, &c, &err), err);
    EXPECT_INT(c.images[0].id.len, 0);
    EXPECT(str_find(c.warning, STR("no container engine")) >= 0);
    r.is_hint = false;
    EXPECT_ERR(containers_prepare(&a, &r, 1, &ask, &c, &err), err, ERR_UNSUPPORTED);
    EXPECT(str_find(str_of(err.text), STR("main.cwl:3:5")) >= 0);
}
