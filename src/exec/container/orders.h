// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the runner's side and the helper in the container (inside.c) have to agree on: places, and two small formats.
//
// Orders, a file that the helper reads: texts, each ended by a NUL, in this order: ORDERS_MAGIC; the working folder; the files for
// standard input, output and error; the count of arguments, and they; the count of variables, and they, as NAME=VALUE. Counts
// are decimal. No JSON and no command line of an engine stands between: arguments are bytes, and stay what they are.
//
// The report, lines that the helper writes to its standard output:
//   started                                                the container runs, the orders are read
//   failed CODE TEXT                                       the command could not be started; CODE: enum box_failure
//   end exit|signal N user NS system NS peak BYTES read BYTES written BYTES oom N limit BYTES
// with -1 for what is not known. Nothing of it comes from the command, whose output goes to files.
#define BOX_FOLDER "/petri/box"         // orders and the lifeline, read-only
#define BOX_ORDERS BOX_FOLDER "/orders"
#define BOX_LIFE BOX_FOLDER "/life"     // a FIFO. The runner holds its other end: 'T': SIGTERM to all; 'K' or its end: kill all
#define BOX_HELPER "/petri/inside"
#define BOX_LOG "/petri/log"            // stdout and stderr, where the command has them not as files
#define ORDERS_MAGIC "petri orders 1"

enum box_failure { BOX_BAD_ORDERS, BOX_NOT_FOUND, BOX_NOT_EXECUTABLE, BOX_TOO_LONG, BOX_NO_FILE, BOX_SYSTEM };
