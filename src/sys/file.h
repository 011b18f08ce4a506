// SPDX-License-Identifier: Apache-2.0
#pragma once
// Files and folders. Paths are Str; errors name the path.
#include "base/err.h"

#include <sys/stat.h>

struct arena;

bool file_read(struct arena *a, Str path, int64_t max_bytes, Str *out, struct err *err) MUST_CHECK;    // ERR_LIMIT when larger; regular files only
// The bytes of a regular file, mapped read-only until the arena is released; nothing is read yet. The file must not be shortened meanwhile.
bool file_map(struct arena *a, Str path, Str *bytes, struct err *err) MUST_CHECK;
bool fd_write_all(int fd, const void *bytes, size_t len, struct err *err) MUST_CHECK;           // EINTR and short writes handled
// Temporary file in the same folder, written, fsynced, renamed over `path`, folder fsynced: all or nothing.
bool file_write_atomic(Str path, Str bytes, struct err *err) MUST_CHECK;
bool dir_make_all(Str path, struct err *err) MUST_CHECK;        // like mkdir -p, mode 0777 & ~umask
bool dir_sync(Str path, struct err *err) MUST_CHECK;
// Removes a file or a whole tree, following no links; unreadable folders are made accessible first. Not there: fine.
bool tree_remove(Str path, struct err *err) MUST_CHECK;
// Copies bytes and permission bits (reflink, else copy_file_range, else read/write). `to` must not exist.
bool file_copy(Str from, Str to, struct err *err) MUST_CHECK;
bool file_stat(Str path, struct stat *out);                     // follows links; false: see errno
bool file_exists(Str path);
bool path_real(struct arena *a, Str path, Str *out, struct err *err) MUST_CHECK;                // realpath
Str path_cwd(struct arena *a);
Str path_absolute(struct arena *a, Str path);                   // by the current folder; text only, ".." resolved by text
// Names in a folder without "." and "..", sorted by bytes.
bool dir_list(struct arena *a, Str path, Str **names, size_t *count, struct err *err) MUST_CHECK;
// An executable regular file found as execvp would, in PATH (colon-separated), or NULL-data Str.
Str path_find_program(struct arena *a, Str name, Str search_path);
