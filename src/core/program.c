/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "core/program.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <sys/prctl.h>

#include "core/descriptors.h"
#include "core/interrupt.h"
#include "core/memory.h"

bool program_begin(void) {
    if (!descriptors_fill()) {
        perror("vperf: /dev/null");
        return false;
    }
    if (*program_invocation_short_name)
        prctl(PR_SET_NAME, program_invocation_short_name);
    setlocale(LC_CTYPE, "C.UTF-8");
    interrupt_ignore_failed_writes();
    memory_share_heap();
    return true;
}
