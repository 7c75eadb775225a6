/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "serve/connections.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <utlist.h>

#include "core/clock.h"
#include "core/memory.h"

enum { FIRST_REQUEST_SECONDS = 10, ANSWER_SECONDS = 60, NEXT_REQUEST_SECONDS = 90 };

static const int64_t second_ns = 1000000000;

struct connection {
    int socket;
    atomic_llong until_ns;
    struct connection *prev, *next;
};

struct connections {
    pthread_mutex_t lock;
    pthread_cond_t end;
    bool ending;
    bool watched;
    pthread_t thread;
    struct connection *list;
};

struct connections *connections_new(void) {
    struct connections *connections = memory_alloc(sizeof *connections);
    pthread_mutex_init(&connections->lock, NULL);
    pthread_cond_init(&connections->end, NULL);
    return connections;
}

/* Their owner sees the end of the connection, and removes it. */
static void end_late(struct connections *connections) {
    int64_t now_ns = clock_now_ns();
    struct connection *connection = NULL;
    DL_FOREACH(connections->list, connection)
    if (atomic_load(&connection->until_ns) < now_ns)
        shutdown(connection->socket, SHUT_RDWR);
}

static void *watch(void *argument) {
    struct connections *connections = argument;
    pthread_mutex_lock(&connections->lock);
    while (!connections->ending) {
        struct timespec next;
        clock_gettime(CLOCK_REALTIME, &next);
        next.tv_sec++;
        pthread_cond_timedwait(&connections->end, &connections->lock, &next);
        end_late(connections);
    }
    pthread_mutex_unlock(&connections->lock);
    return NULL;
}

bool connections_watch(struct connections *connections) {
    connections->watched = pthread_create(&connections->thread, NULL, watch, connections) == 0;
    return connections->watched;
}

void connections_free(struct connections *connections) {
    if (!connections)
        return;
    pthread_mutex_lock(&connections->lock);
    connections->ending = true;
    pthread_cond_signal(&connections->end);
    pthread_mutex_unlock(&connections->lock);
    if (connections->watched)
        pthread_join(connections->thread, NULL);
    while (connections->list)
        connections_remove(connections, connections->list);
    pthread_cond_destroy(&connections->end);
    pthread_mutex_destroy(&connections->lock);
    free(connections);
}

static void set_limit(struct connection *connection, int seconds) {
    atomic_store(&connection->until_ns, clock_now_ns() + seconds * second_ns);
}

struct connection *connections_add(struct connections *connections, int socket) {
    struct connection *connection = memory_alloc(sizeof *connection);
    connection->socket = socket;
    set_limit(connection, FIRST_REQUEST_SECONDS);
    pthread_mutex_lock(&connections->lock);
    DL_APPEND(connections->list, connection);
    pthread_mutex_unlock(&connections->lock);
    return connection;
}

void connections_await_answer(struct connection *connection) {
    set_limit(connection, ANSWER_SECONDS);
}

void connections_await_request(struct connection *connection) {
    set_limit(connection, NEXT_REQUEST_SECONDS);
}

void connections_remove(struct connections *connections, struct connection *connection) {
    pthread_mutex_lock(&connections->lock);
    DL_DELETE(connections->list, connection);
    pthread_mutex_unlock(&connections->lock);
    free(connection);
}
