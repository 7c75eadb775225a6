/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* One end of the socket between program and helper. */
#ifndef VPERF_CORE_STREAM_H
#define VPERF_CORE_STREAM_H

#include "core/record.h"

struct stream {
    int socket;
    GByteArray *received;
    size_t read; /* bytes at the beginning of received that belong to the message last returned */
};

enum stream_state { STREAM_MESSAGE, STREAM_NOTHING, STREAM_ENDED };

/* stream_init: begins with a connected socket, which it owns. */
void stream_init(struct stream *stream, int socket);

/* stream_done: closes the socket and frees what the stream holds. */
void stream_done(struct stream *stream);

/*
 * stream_next: the next message, borrowed until the next call; without wait, STREAM_NOTHING when
 * none is there. STREAM_ENDED also when what arrives is no message.
 */
enum stream_state stream_next(struct stream *stream, struct record *message, bool wait);

/* stream_wipe: overwrites the message last returned, which held a secret. */
void stream_wipe(struct stream *stream);

/*
 * stream_send: sends a message; without wait only if there is room, and the stream ends if the rest
 * of a message that was begun finds none for 2 s. False when it is not sent.
 */
bool stream_send(struct stream *stream, const GByteArray *message, bool wait);

/*
 * stream_send_while: sends a message, however long it takes to find room while going says so; it is
 * asked ten times a second. When it no longer does, the stream ends. False when it is not sent.
 */
bool stream_send_while(struct stream *stream, const GByteArray *message,
                       bool (*going)(void *context), void *context);

#endif
