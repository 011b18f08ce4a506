// SPDX-License-Identifier: Apache-2.0
#pragma once
// Every command, one in each cmd_*.c. Used by the list in commands.c.
#include "cli/command.h"

extern const struct command cmd_run, cmd_flows, cmd_runs, cmd_show, cmd_logs, cmd_resume, cmd_report, cmd_cancel, cmd_validate, cmd_images, cmd_gc,
    cmd_store, cmd_config, cmd_verify, cmd_export, cmd_cost, cmd_why, cmd_diff, cmd_model, cmd_embed, cmd_classify, cmd_help, cmd_attempt, cmd_js;
extern const struct command cmd_check, cmd_stats, cmd_subset, cmd_split, cmd_index;          // of files, in src/bio
extern const struct command cmd_index_build, cmd_index_add, cmd_index_search, cmd_index_export;     // not in the list:
extern const struct command cmd_index_stats;            // cmd_index calls them
