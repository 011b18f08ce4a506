// SPDX-License-Identifier: Apache-2.0
#pragma once
// duktape.h before base.h: it includes <sys/param.h>, whose MIN and MAX are not ours.
#include <duktape.h>
#undef MIN
#undef MAX
