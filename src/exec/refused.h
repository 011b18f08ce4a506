// SPDX-License-Identifier: Apache-2.0
#pragma once
// How often programs in this process's network tried to leave it, where there is nothing but a loopback.
#include "base/base.h"

// From the kernel's counters of this network namespace (/proc/net/snmp, snmp6); 0 where they cannot be read.
int64_t refused_connections(void);
