/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* vperf-serve: what vperf serve executes, so that nothing else loads the libraries of a server. */
#include <locale.h>
#include <stdio.h>

#include "command/command.h"
#include "core/descriptors.h"
#include "core/interrupt.h"
#include "core/memory.h"
#include "serve/serve.h"

int main(int argc, char **argv) {
    if (!descriptors_fill()) {
        perror("vperf: /dev/null");
        return STATUS_NOTHING;
    }
    setlocale(LC_CTYPE, "C.UTF-8");
    interrupt_ignore_failed_writes();
    memory_share_heap();
    return serve_main(argc, argv);
}
