// SPDX-License-Identifier: Apache-2.0
//
// Guards one evhttp against clients that hold connections: at most connections_max at one time
// (the rest waits in the kernel's backlog), and each must have a whole request in every
// deadline_ms, however steadily it drips bytes; evhttp's own timeout only sees silence. While the
// limit is reached the deadline is one second. A connection on which we owe the answer is left
// alone: whoever lets requests wait bounds them. Control thread.
//
// evhttp 2.1 offers neither, and says nothing when it frees a connection. So the guard makes each
// connection's bufferevent and keeps a reference: one whose callbacks are gone was freed by evhttp.
#pragma once

struct event_base;
struct evconnlistener;
struct evhttp;
struct evhttp_request;
struct ctl_http_guard;
struct ctl_http_tls;

// Takes over evhttp's bufferevent callback. listener is bound to http, which owns it. tls: what all
// connections speak, NULL: none. 0 or -errno.
int ctl_http_guard_create(struct event_base *base, struct evhttp *http,
                          struct evconnlistener *listener, unsigned connections_max,
                          unsigned deadline_ms, struct ctl_http_tls *tls,
                          struct ctl_http_guard **out);

// To be called with each request, at the head of the generic callback: starts the next deadline.
void ctl_http_guard_request(struct ctl_http_guard *guard, struct evhttp_request *req);

// Accepts no more connections.
void ctl_http_guard_stop(struct ctl_http_guard *guard);

// Only after evhttp_free, which ends the connections.
void ctl_http_guard_destroy(struct ctl_http_guard *guard);
