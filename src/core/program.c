/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "core/program.h"

#include <locale.h>
#include <stdio.h>

#include "core/descriptors.h"
#include "core/interrupt.h"
#include "core/memory.h"

bool program_begin(void) {
    if (!descriptors_fill()) {
        perror("vperf: /dev/null");
        return false;
    }
    setlocale(LC_CTYPE, "C.UTF-8");
    interrupt_ignore_failed_writes();
    memory_share_heap();
    return true;
}
