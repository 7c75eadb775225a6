/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* vperf-serve: what vperf serve executes, so that nothing else loads the libraries of a server. */
#include "command/command.h"
#include "core/program.h"
#include "serve/serve.h"

int main(int argc, char **argv) {
    return program_begin() ? serve_main(argc, argv) : STATUS_NOTHING;
}
