// SPDX-License-Identifier: Apache-2.0
// Images and containers with programs that only play an engine: what is fetched, found, refused and removed, and what is said when such a
// program fails. Real engines are tried by tests/e2e/containers.test.
#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "exec/container/boxed.h"
#include "exec/container/command.h"
#include "exec/container/containers.h"
#include "sys/file.h"
#include "unit/failing.h"
#include "unit/test.h"

#define ID "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER_ID "sha256:fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

static struct arena a;
static struct err err;

static Str at(const char *name) { return str_join_path(&a, str_of(test_dir()), str_of(name)); }

static void put(const char *name, const char *text) { EXPECT_OK(file_write_atomic(at(name), str_of(text), &err), err); }

static Str get(const char *name)
{
    Str text;
    struct err ignored;
    return file_read(&a, at(name), 100000, &text, &ignored) ? text : STR("");
}

static Str program(const char *name, const char *body)
{
    put(name, str_z(&a, str_printf(&a, "#!/bin/sh\ncd %s; echo \"$*\" >>calls\n%s", test_dir(), body)));
    EXPECT(chmod(at(name).data, 0755) == 0);
    return at(name);
}

static void expect_says(const char *text)
{
    if (str_find(str_of(err.text), str_of(text)) < 0)
        test_fail(__FILE__, __LINE__, "'%s' does not say '%s'", err.text, text);
}

// --- docker and podman: an image is a file of its name, "made" what the next load, import or build makes

static struct image_search engine(void)
{
    Str path = program("engine",
                       "fails() { [ -e fails ] && { echo 'Error: no space left' >&2; exit 1; }; }\n"
                       "case \"$1 $2\" in\n"
                       "'image inspect') f=$(echo \"$3\" | tr / _); [ -f \"$f\" ] || { echo 'Error: No such image' >&2; exit 1; }; cat \"$f\" ;;\n"
                       "'load --input') fails; for f in $(cat made); do echo '[{\"Id\":\"" ID "\"}]' >$f; done; cat said ;;\n"
                       "'import '*) fails; if [ -n \"$3\" ]; then echo '[{\"Id\":\"" ID "\"}]' >$3; else echo '[{\"Id\":\"" ID "\"}]' >" ID "; echo " ID "; fi ;;\n"
                       "'build --tag') fails; cat >dockerfile; echo '[{\"Id\":\"" ID "\"}]' >$3 ;;\n"
                       "*) exit 9 ;; esac\n");
    return (struct image_search){ .engine = { .kind = ENGINE_DOCKER, .program = path }, .fetch = IMAGES_FETCH, .lock_name = STR("main.cwl.images.lock") };
}

TEST(an_image_is_loaded_from_its_archive_and_found_by_its_own_name_or_by_what_the_engine_says)
{
    struct image_search s = engine();
    struct image image;
    struct image_request named = { .name = STR("mine:1"), .id = STR("mine:1"), .load = STR("/archive.tar") };
    put("made", "mine:1"), put("said", "Loaded image: other:2\n");
    EXPECT_OK(image_resolve(&a, &s, &named, &image, &err), err);
    EXPECT_STR(image.id, STR(ID));
    EXPECT(str_find(get("calls"), STR("load --input /archive.tar")) >= 0);
    struct image_request unnamed = { .name = STR("/archive.tar"), .load = STR("/archive.tar") };
    put("made", "other:2"), put("said", "Loading layer\nLoaded image: first:1\nLoaded image: other:2\n");
    EXPECT_OK(image_resolve(&a, &s, &unnamed, &image, &err), err);
    EXPECT_STR(image.id, STR(ID));
}

TEST(an_archive_without_the_image_is_refused_and_what_it_has_is_said)
{
    struct image_search s = engine();
    struct image image;
    struct image_request r = { .name = STR("mine:1"), .id = STR("mine:1"), .load = STR("/archive.tar") };
    put("made", "other:2"), put("said", "Loaded image: other:2\n");
    EXPECT_ERR(image_resolve(&a, &s, &r, &image, &err), err, ERR_NOT_FOUND);
    expect_says("holds no image of this name; it has 'other:2'");
    put("said", "done\n");
    r = (struct image_request){ .name = STR("/archive.tar"), .load = STR("/archive.tar") };
    EXPECT_ERR(image_resolve(&a, &s, &r, &image, &err), err, ERR_NOT_FOUND);
    expect_says("the engine does not say what it has loaded");
    put("fails", "");
    EXPECT_ERR(image_resolve(&a, &s, &r, &image, &err), err, ERR_NOT_FOUND);
    expect_says("loading it from dockerLoad failed: no space left");
}

TEST(an_image_is_imported_with_and_without_a_name)
{
    struct image_search s = engine();
    struct image image;
    struct image_request r = { .name = STR("tree:1"), .id = STR("tree:1"), .import = STR("/tree.tar") };
    EXPECT_OK(image_resolve(&a, &s, &r, &image, &err), err);
    EXPECT_STR(image.id, STR(ID));
    r = (struct image_request){ .name = STR("/tree.tar"), .import = STR("/tree.tar") };
    EXPECT_OK(image_resolve(&a, &s, &r, &image, &err), err);
    EXPECT_STR(image.id, STR(ID));
    put("fails", "");
    r.import = STR("/other.tar");
    EXPECT_ERR(image_resolve(&a, &s, &r, &image, &err), err, ERR_NOT_FOUND);
    expect_says("importing it from dockerImport failed: no space left");
}

TEST(an_image_is_built_from_its_dockerfile_under_a_name_that_is_the_same_for_the_same_text)
{
    struct image_search s = engine();
    struct image image;
    struct image_request r = { .name = STR("built"), .file = STR("FROM debian\nRUN true\n") };
    EXPECT_OK(image_resolve(&a, &s, &r, &image, &err), err);
    EXPECT_STR(image.id, STR(ID));
    EXPECT_STR(get("dockerfile"), STR("FROM debian\nRUN true\n"));
    EXPECT(str_find(get("calls"), STR("build --tag petri-dockerfile:")) >= 0);
    put("fails", "");
    r.file = STR("FROM other\n");
    EXPECT_ERR(image_resolve(&a, &s, &r, &image, &err), err, ERR_NOT_FOUND);
    expect_says("building it from dockerFile failed: no space left");
    s.show = true;                      // its progress was seen by people: nothing is said twice
    EXPECT_ERR(image_resolve(&a, &s, &r, &image, &err), err, ERR_NOT_FOUND);
    expect_says("building it from dockerFile failed, see above");
}

TEST(for_a_dry_run_what_is_pinned_is_believed_and_the_rest_has_an_id_that_no_task_has)
{
    struct image_search s = engine();
    struct image_request r = { .name = STR("debian:12"), .pull = STR("debian:12") };
    struct image pinned = { .name = STR("debian:12"), .id = STR(ID) }, image;
    struct image_lock lock = { &pinned, 1 };
    s.fetch = IMAGES_LOOK, s.lock = &lock;
    EXPECT_OK(image_resolve(&a, &s, &r, &image, &err), err);
    EXPECT_STR(image.id, STR(ID));
    s.lock = NULL;
    EXPECT_OK(image_resolve(&a, &s, &r, &image, &err), err);
    EXPECT_STR(image.id, STR("not here: debian:12"));
}

// --- apptainer: "pull" and "build" make a file of what is in "made"

static struct image_search apptainer(void)
{
    Str path = program("apptainer", "[ -e fails ] && { echo 'FATAL: unauthorized' >&2; echo x >$3; exit 1; }; cp made \"$3\"\n");
    put("made", "bytes of an image");
    return (struct image_search){ .engine = { .kind = ENGINE_APPTAINER, .program = path }, .fetch = IMAGES_FETCH,
                                  .lock_name = STR("main.cwl.images.lock"), .cache = at("images") };
}

static size_t calls(void)
{
    size_t count = 0;
    for (Str rest = get("calls"); rest.len; count++)
        str_cut(&rest, '\n');
    return count;
}


TEST(apptainer_pulls_a_name_once_and_knows_it_then_by_name_and_id)
{
    struct image_search s = apptainer();
    struct image_request r = { .name = STR("debian:12"), .pull = STR("debian:12") };
    struct image image, again;
    s.fetch = IMAGES_LOOK;
    EXPECT_OK(image_resolve(&a, &s, &r, &image, &err), err);
    EXPECT_STR(image.id, STR("not here: debian:12"));
    EXPECT_INT(calls(), 0);
    s.fetch = IMAGES_FETCH;
    EXPECT_OK(image_resolve(&a, &s, &r, &image, &err), err);
    EXPECT(str_find(get("calls"), STR("docker://docker.io/library/debian:12")) >= 0);
    EXPECT_INT(image.size, 17);
    EXPECT_OK(image_resolve(&a, &s, &r, &again, &err), err);
    EXPECT_STR(again.id, image.id);
    EXPECT_INT(calls(), 1);
    EXPECT_OK(image_of_id(&a, &s, image.id, &again, &err), err);
    EXPECT_INT(again.size, 17);
    put("made", "another image by the same name");
    s.fetch = IMAGES_UPDATE;
    EXPECT_OK(image_resolve(&a, &s, &r, &again, &err), err);
    EXPECT(!str_eq(again.id, image.id));
    EXPECT_OK(image_of_id(&a, &s, image.id, &again, &err), err);        // the old one stays
    EXPECT_ERR(image_of_id(&a, &s, STR(OTHER_ID), &again, &err), err, ERR_NOT_FOUND);
    EXPECT_ERR(image_of_id(&a, &s, STR("../../etc/passwd"), &again, &err), err, ERR_INVALID);
}

TEST(apptainer_that_fails_leaves_no_image_and_its_complaint_is_told)
{
    struct image_search s = apptainer();
    struct image_request r = { .name = STR("debian:12"), .pull = STR("debian:12") };
    struct image image;
    Str *names;
    size_t count;
    put("fails", "");
    EXPECT_ERR(image_resolve(&a, &s, &r, &image, &err), err, ERR_NOT_FOUND);
    expect_says("pull docker://docker.io/library/debian:12 failed: ");
    expect_says("unauthorized");
    EXPECT_OK(dir_list(&a, at("images"), &names, &count, &err), err);
    EXPECT_INT(count, 0);
}

TEST(apptainer_takes_an_archive_and_a_users_image_file_and_says_what_it_cannot)
{
    struct image_search s = apptainer();
    struct image image;
    struct image_request r = { .name = STR("x"), .load = STR("/archive.tar") };
    EXPECT_OK(image_resolve(&a, &s, &r, &image, &err), err);
    EXPECT(str_find(get("calls"), STR("docker-archive:/archive.tar")) >= 0);
    put("own.sif", "own bytes");
    r = (struct image_request){ .name = at("own.sif"), .id = at("own.sif") };
    EXPECT_OK(image_resolve(&a, &s, &r, &image, &err), err);
    EXPECT_INT(image.size, 9);
    EXPECT_INT(calls(), 1);             // nothing was asked
    unlink(at("own.sif").data);         // a copy is what runs
    EXPECT_OK(image_of_id(&a, &s, image.id, &image, &err), err);
    r = (struct image_request){ .name = STR("y"), .import = STR("/tree.tar") };
    EXPECT_ERR(image_resolve(&a, &s, &r, &image, &err), err, ERR_UNSUPPORTED);
    r = (struct image_request){ .name = STR("z"), .file = STR("FROM x") };
    EXPECT_ERR(image_resolve(&a, &s, &r, &image, &err), err, ERR_UNSUPPORTED);
}

TEST(apptainer_takes_what_is_pinned_by_its_digest_and_nothing_else)
{
    struct image_search s = apptainer();
    struct image_request r = { .name = STR("debian:12"), .pull = STR("debian:12") };
    struct image pinned = { .name = STR("debian:12"), .id = STR(ID), .digest = STR("docker.io/library/debian@" OTHER_ID) }, image;
    struct image_lock lock = { &pinned, 1 };
    s.lock = &lock;
    EXPECT_OK(image_resolve(&a, &s, &r, &image, &err), err);
    EXPECT_STR(image.id, STR(ID));
    EXPECT(str_find(get("calls"), STR("docker://docker.io/library/debian@" OTHER_ID)) >= 0);
    pinned = (struct image){ .name = STR("debian:12"), .id = STR(OTHER_ID) };
    EXPECT_ERR(image_resolve(&a, &s, &r, &image, &err), err, ERR_NOT_FOUND);
    expect_says("no registry is known to have");
}

TEST(whichever_call_fails_while_an_image_is_fetched_it_is_whole_or_it_is_not_there)
{
    for (int n = 1, more = 1; more; n++) {
        struct image_search s = apptainer();
        struct image_request r = { .name = STR("debian:12"), .pull = STR("debian:12") };
        struct image image;
        fail_call(n);
        bool ok = image_resolve(&a, &s, &r, &image, &err);
        more = call_failed();
        EXPECT(ok || err.text[0]);
        EXPECT(!ok || image.size == 17);
        EXPECT(!ok || file_exists(image_file(&a, s.cache, image.id)));
        EXPECT_OK(image_resolve(&a, &s, &r, &image, &err), err);
        EXPECT_OK(tree_remove(s.cache, &err), err);
        EXPECT(n < 1000);
    }
}

// --- programs that are called

TEST(whichever_call_fails_a_program_is_heard_to_its_end_or_its_failure_is_told)
{
    Str path = program("cat", "cat; echo bad >&2; exit 3\n");
    const Str argv[] = { path };
    for (int error = 0; error < 2; error++)
        for (int n = 1, more = 1; more; n++) {
            struct command_result r;
            fail_with(error ? EINTR : EIO);
            fail_call(n);
            bool ok = command_run(&a, argv, 1, STR("heard"), false, &r, &err);
            more = call_failed();
            EXPECT(ok || err.text[0]);
            if (ok && r.exit_code == 3 && !str_eq(r.out, STR("heard")))
                test_fail(__FILE__, __LINE__, "call %d failed, and of 'heard' came '" STR_FMT "'", n, STR_ARG(r.out));
            EXPECT(n < 1000);
        }
}

TEST(a_program_that_is_not_there_or_says_too_much_or_is_killed_is_told)
{
    struct command_result r;
    const Str absent[] = { STR_CONST("/nonexistent/engine") };
    EXPECT_ERR(command_run(&a, absent, 1, (Str){ 0 }, false, &r, &err), err, ERR_NOT_FOUND);
    const Str loud[] = { program("loud", "head -c 17000000 /dev/zero\n") };
    EXPECT_ERR(command_run(&a, loud, 1, (Str){ 0 }, false, &r, &err), err, ERR_LIMIT);
    const Str killed[] = { program("killed", "head -c 20000000 /dev/zero | tr '\\0' y >&2; echo >&2; echo 'Error: the end' >&2; kill -9 $$\n") };
    EXPECT_OK(command_run(&a, killed, 1, (Str){ 0 }, false, &r, &err), err);
    EXPECT_INT(r.exit_code, 128 + 9);
    EXPECT_STR(command_complaint(&a, &r), STR("the end"));  // of what is only for messages the end is kept
    const Str deaf[] = { program("deaf", "exec 0<&-; echo heard\n") };
    char *much = memset(arena_alloc(&a, 1 << 20), 'x', 1 << 20);
    EXPECT_OK(command_run(&a, deaf, 1, (Str){ much, 1 << 20 }, false, &r, &err), err);
    EXPECT_STR(r.out, STR("heard\n"));
}

TEST(of_an_engines_complaint_the_line_is_taken_that_tells_something)
{
    static const struct { const char *said, *told; int exit_code; } table[] = {
        { "Error: no space left\n", "no space left", 1 },
        { "docker: no space left.\nSee 'docker run --help'.\n\n", "no space left.", 125 },
        { "error: a\tb\x1b[31m\n", "a b [31m", 1 },
        { "first\nRun 'docker run --help' for more information\n", "first", 1 },
    };
    for (size_t i = 0; i < LEN(table); i++) {
        struct command_result r = { .exit_code = table[i].exit_code, .err = str_of(table[i].said) };
        Str got = command_complaint(&a, &r);
        if (str_find(got, str_of(table[i].told)) < 0)
            test_fail(__FILE__, __LINE__, "of '%s' it tells '" STR_FMT "'", table[i].said, STR_ARG(got));
        EXPECT(str_find(got, STR("--help")) < 0);
        for (size_t k = 0; k < got.len; k++)
            EXPECT((unsigned char)got.data[k] >= ' ');
    }
    struct command_result silent = { .exit_code = 137 };
    EXPECT(str_find(command_complaint(&a, &silent), STR("137")) >= 0);
}

// --- all that a run needs

static struct containers_ask ask_docker(const char *answer)
{
    Str path = program("docker", "case \"$1\" in info|version) cat answer; exit $(cat code) ;; image) f=$(echo \"$3\" | tr / _); cat \"$f\" 2>/dev/null || "
                                 "{ echo 'Error: No such image' >&2; exit 1; } ;; pull) echo 'Error: denied' >&2; exit 1 ;; *) exit 9 ;; esac\n");
    put("answer", answer), put("code", "0");
    setenv("PATH", str_z(&a, str_printf(&a, STR_FMT ":/usr/bin:/bin", STR_ARG(str_dirname(path)))), 1);
    put("here", "[{\"Id\":\"" ID "\"}]");
    return (struct containers_ask){ .home = at("home"), .to_run = true, .engine = ENGINE_DOCKER, .fetch = IMAGES_FETCH };
}

TEST(an_image_that_cannot_be_had_is_a_warning_for_a_hint_and_an_error_with_its_place_for_a_requirement)
{
    struct containers_ask ask = ask_docker("{}");
    struct containers c;
    struct image_request r[] = { { .name = STR("here"), .pull = STR("here"), .place = STR("main.cwl:3:5") },
                                 { .name = STR("gone"), .pull = STR("gone"), .place = STR("main.cwl:9:5"), .is_hint = true },
                                 { .name = STR("away"), .pull = STR("away"), .place = STR("main.cwl:12:5"), .is_hint = true } };
    EXPECT_OK(containers_prepare(&a, r, LEN(r), &ask, &c, &err), err);
    EXPECT_STR(c.images[0].id, STR(ID));
    EXPECT_INT(c.images[1].id.len, 0);
    EXPECT(str_find(c.warning, STR("main.cwl:9:5")) >= 0 && str_find(c.warning, STR("main.cwl:12:5")) >= 0);
    EXPECT(str_find(c.warning, STR("being a hint only")) >= 0);
    EXPECT(access(c.helper.data, X_OK) == 0);
    r[1].is_hint = false;
    EXPECT_ERR(containers_prepare(&a, r, LEN(r), &ask, &c, &err), err, ERR_NOT_FOUND);
    expect_says("main.cwl:9:5: DockerRequirement");
    EXPECT_OK(containers_prepare(&a, r, 0, &ask, &c, &err), err);
    EXPECT_INT(c.count, 0);
}

TEST(an_image_of_an_earlier_run_is_asked_of_the_engine_and_without_one_it_cannot_be_had)
{
    struct containers_ask ask = ask_docker("{}");
    struct containers c, none = { .count = 0 };
    struct image_request r = { .name = STR("here"), .pull = STR("here"), .place = STR("main.cwl:3:5") };
    struct image image;
    EXPECT_OK(containers_prepare(&a, &r, 1, &ask, &c, &err), err);
    EXPECT_OK(containers_image(&a, &c, STR(ID), &image, &err), err);
    EXPECT_ERR(containers_image(&a, &c, STR(OTHER_ID), &image, &err), err, ERR_NOT_FOUND);
    put(OTHER_ID, "[{\"Id\":\"" OTHER_ID "\"}]");
    EXPECT_OK(containers_image(&a, &c, STR(OTHER_ID), &image, &err), err);
    EXPECT_ERR(containers_image(&a, &none, STR(ID), &image, &err), err, ERR_NOT_FOUND);
    expect_says("no container engine");
    EXPECT_ERR(containers_image(&a, NULL, STR(ID), &image, &err), err, ERR_NOT_FOUND);
}

TEST(what_docker_says_of_itself_decides_what_is_asked_of_it)
{
    struct engine e;
    ask_docker("{\"security\":[\"name=rootless\"],\"memory\":false}");
    EXPECT_OK(engine_find(&a, ENGINE_DOCKER, &e, &err), err);
    EXPECT(e.is_rootless && !e.can_limit);
    put("answer", "{\"security\":[\"name=seccomp\"],\"memory\":true}");
    EXPECT_OK(engine_find(&a, ENGINE_DOCKER, &e, &err), err);
    EXPECT(!e.is_rootless && e.can_limit);
    put("answer", "no json");
    EXPECT_OK(engine_find(&a, ENGINE_DOCKER, &e, &err), err);
    EXPECT(!e.is_rootless && e.can_limit);
    put("code", "1");
    EXPECT_ERR(engine_find(&a, ENGINE_DOCKER, &e, &err), err, ERR_NOT_FOUND);
    expect_says("docker does not work here");
}

TEST(whichever_call_fails_while_containers_are_prepared_the_helper_is_whole_or_the_failure_is_told)
{
    for (int n = 1, more = 1; more; n++) {
        struct containers_ask ask = ask_docker("{}");
        struct containers c = { .count = 0 };
        struct image_request r = { .name = STR("here"), .pull = STR("here"), .place = STR("main.cwl:3:5") };
        struct stat st;
        fail_call(n);
        bool ok = containers_prepare(&a, &r, 1, &ask, &c, &err);
        more = call_failed();
        EXPECT(ok || err.text[0]);
        EXPECT(!ok || (stat(c.helper.data, &st) == 0 && st.st_size > 10000 && (st.st_mode & 0111)));
        EXPECT_OK(containers_prepare(&a, &r, 1, &ask, &c, &err), err);
        EXPECT(!file_exists(at("home")) || tree_remove(at("home"), &err));
        EXPECT(n < 1000);
    }
}

// --- an attempt in a container

TEST(what_the_helper_said_is_believed_and_the_engines_client_only_where_it_said_nothing)
{
    static const struct { const char *report; int status, want; enum err_code code; const char *says; } table[] = {
        { "started\nend exit 3 user 5 system 6\n", 0, 3 << 8, ERR_NONE, "" },
        { "started\nend signal 9\n", 137 << 8, 9, ERR_NONE, "" },
        { "started\n", 137 << 8, 9, ERR_NONE, "" },                     // ended from outside
        { "started\n", 15, 15, ERR_NONE, "" },                          // the client itself was killed
        { "failed 1 bwa\n", 127 << 8, 127 << 8, ERR_NOT_FOUND, "no such program in the image, or not executable: bwa" },
        { "started\nfailed 2 x\n", 127 << 8, 127 << 8, ERR_NOT_FOUND, "another machine" },
        { "failed 99 x\n", 125 << 8, 125 << 8, ERR_UNAVAILABLE, "the container could not be started: no such runtime" },
        { "", 125 << 8, 125 << 8, ERR_UNAVAILABLE, "the container could not be started: no such runtime" },
    };
    EXPECT(mkdir(at("attempt").data, 0755) == 0);
    put("attempt/engine", "docker: no such runtime\n");
    for (size_t i = 0; i < LEN(table); i++) {
        struct box_end end = { .err = { .code = ERR_NONE } };
        put("attempt/report", table[i].report), put("attempt/container", "note");
        box_end_read(at("attempt"), table[i].status, &end);
        EXPECT_INT(end.status, table[i].want);
        EXPECT_INT(end.has_run ? ERR_NONE : end.err.code, table[i].code);
        err = end.err;
        if (!end.has_run)
            expect_says(table[i].says);
        EXPECT_INT(file_exists(at("attempt/container")), WIFSIGNALED(table[i].status));        // a client that was killed may leave one
    }
}

TEST(a_container_that_may_be_left_is_removed_by_its_name_and_a_damaged_note_makes_nothing_run)
{
    Str engine_path = program("engine", "[ -e fails ] && { cat fails >&2; exit 1; }; exit 0\n");
    EXPECT(mkdir(at("attempt").data, 0755) == 0);
    box_remove(at("attempt"));          // no note: nothing to remove
    put("attempt/container", str_z(&a, str_printf(&a, STR_FMT "\npetri-abc\n", STR_ARG(engine_path))));
    box_remove(at("attempt"));
    EXPECT_STR(get("calls"), STR("rm --force --volumes petri-abc\n"));
    put("fails", "Error: No such container: petri-abc\n");
    box_remove(at("attempt"));
    put("fails", "Error: the daemon is gone\n");
    box_remove(at("attempt"));
    EXPECT_INT(calls(), 3);
    static const char *const damaged[] = { "", "\n", "engine\npetri-x\n", "petri-x", "/bin/sh\n-c\n" };
    for (size_t i = 0; i < LEN(damaged); i++) {
        put("attempt/container", damaged[i]);
        box_remove(at("attempt"));
    }
    put("attempt/container", str_z(&a, str_printf(&a, STR_FMT "\nother\n", STR_ARG(engine_path))));
    box_remove(at("attempt"));
    EXPECT_INT(calls(), 3);
    put("attempt/container", "/nonexistent/engine\npetri-abc\n");
    box_remove(at("attempt"));
}

TEST(a_lifeline_of_a_dead_runner_is_removed_and_that_of_a_live_one_stays)
{
    struct lifeline mine;
    pid_t dead = fork();
    if (dead == 0)
        _exit(0);
    waitpid(dead, NULL, 0);
    EXPECT_OK(lifeline_make(&mine, str_of(test_dir()), 7, &err), err);
    put(str_z(&a, str_printf(&a, LIFELINE_PREFIX "%d-1", (int)dead)), "");
    put(LIFELINE_PREFIX "x-1", ""), put(LIFELINE_PREFIX "-1", ""), put("other", "");
    lifelines_remove(str_of(test_dir()));
    EXPECT(!file_exists(at(str_z(&a, str_printf(&a, LIFELINE_PREFIX "%d-1", (int)dead)))));
    EXPECT(file_exists(str_of(mine.path)) && file_exists(at(LIFELINE_PREFIX "x-1")) && file_exists(at("other")));
    lifeline_cut(&mine);
    lifeline_cut(&mine);
    EXPECT(!file_exists(str_of(mine.path)));
    char *longest = memset(arena_alloc(&a, 5000), 'x', 5000);
    EXPECT_ERR(lifeline_make(&mine, (Str){ longest, 5000 }, 7, &err), err, ERR_LIMIT);
    EXPECT_ERR(lifeline_make(&mine, STR("/nonexistent"), 7, &err), err, ERR_NOT_FOUND);
}
