/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "core/stream.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PIECE = 1 << 16,
    PATIENCE_MS = 2000, /* with a reader that stopped amid a message */
    LOOK_MS = 100,
};

void stream_init(struct stream *stream, int socket) {
    *stream = (struct stream){.socket = socket, .received = g_byte_array_new()};
}

void stream_done(struct stream *stream) {
    close(stream->socket);
    g_byte_array_free(stream->received, TRUE);
}

/* Appends what has arrived to what was received. */
static enum stream_state receive(struct stream *stream, bool wait) {
    GByteArray *received = stream->received;
    guint used = received->len;
    g_byte_array_set_size(received, used + PIECE);
    ssize_t size;
    do {
        size = recv(stream->socket, received->data + used, PIECE, wait ? 0 : MSG_DONTWAIT);
    } while (size < 0 && errno == EINTR);
    g_byte_array_set_size(received, used + (size > 0 ? (guint)size : 0));
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return STREAM_NOTHING;
    return size > 0 ? STREAM_MESSAGE : STREAM_ENDED;
}

enum stream_state stream_next(struct stream *stream, struct record *message, bool wait) {
    if (stream->read)
        g_byte_array_remove_range(stream->received, 0, (guint)stream->read);
    stream->read = 0;
    for (;;) {
        switch (
            record_open(message, stream->received->data, stream->received->len, &stream->read)) {
        case RECORD_WHOLE:
            return STREAM_MESSAGE;
        case RECORD_DAMAGED:
            return STREAM_ENDED;
        case RECORD_INCOMPLETE:
            break;
        }
        enum stream_state state = receive(stream, wait);
        if (state != STREAM_MESSAGE)
            return state;
    }
}

void stream_wipe(struct stream *stream) {
    explicit_bzero(stream->received->data, stream->read);
}

static bool await_room(int socket, int patience_ms) {
    struct pollfd end = {.fd = socket, .events = POLLOUT};
    int ready;
    do {
        ready = poll(&end, 1, patience_ms);
    } while (ready < 0 && errno == EINTR);
    return ready > 0;
}

bool stream_send(struct stream *stream, const GByteArray *message, bool wait) {
    int flags = MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT);
    size_t sent = 0;
    while (sent < message->len) {
        ssize_t size = send(stream->socket, message->data + sent, message->len - sent, flags);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0 && errno == EAGAIN && sent > 0 && await_room(stream->socket, PATIENCE_MS))
            continue;
        if (size < 0) {
            /* Half a message would spoil all that follows. */
            if (sent > 0)
                shutdown(stream->socket, SHUT_RDWR);
            return false;
        }
        sent += (size_t)size;
    }
    return true;
}

bool stream_send_while(struct stream *stream, const GByteArray *message,
                       bool (*going)(void *context), void *context) {
    size_t sent = 0;
    while (sent < message->len) {
        ssize_t size = send(stream->socket, message->data + sent, message->len - sent,
                            MSG_NOSIGNAL | MSG_DONTWAIT);
        if (size > 0)
            sent += (size_t)size;
        else if (size < 0 && errno != EINTR && errno != EAGAIN)
            return false;
        else if (going(context))
            await_room(stream->socket, LOOK_MS);
        else {
            shutdown(stream->socket, SHUT_RDWR);
            return false;
        }
    }
    return true;
}
