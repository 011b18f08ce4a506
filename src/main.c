// SPDX-License-Identifier: Apache-2.0
// The program. Everything it can do is a row in cli/commands.c.
#include "cli/command.h"

int main(int argc, char **argv) { return cli_main(argc, argv); }
