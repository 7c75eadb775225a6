/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* One datagram per message to the socket that NOTIFY_SOCKET names; '@' stands for an abstract one.
 */
#include "command/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void send_to(const struct sockaddr_un *address, socklen_t size, const char *text) {
    int sender = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (sender < 0)
        return;
    /* Who does not listen misses a message: the next one says the same. */
    (void)!sendto(sender, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)address, size);
    close(sender);
}

static void notify(const char *text) {
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = path ? strlen(path) : 0;
    if (!length || length >= sizeof address.sun_path || !strchr("@/", *path))
        return;
    memcpy(address.sun_path, path, length);
    if (*path == '@')
        address.sun_path[0] = '\0';
    send_to(&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length), text);
}

void notify_ready(void) {
    notify("READY=1");
}

void notify_alive(void) {
    notify("WATCHDOG=1");
}

void notify_stopping(void) {
    notify("STOPPING=1");
}
