/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection to a Kubernetes API, for one GET at a time: TLS, kept open between requests,
 * opened again when it is gone. What an answer means is not known here.
 */
#ifndef PODWIRE_KUBE_HTTP_H
#define PODWIRE_KUBE_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "kube_config.h"
#include "kube_reflector.h"
#include "kube_response.h"

struct event_base;
struct evdns_base;
struct kube_http;

struct kube_http_callbacks {
	void (*head)(void *context, const struct kube_head *);
	bool (*body)(void *context, const char *bytes, size_t size); /* false: close, and no ended() */
	void (*ended)(void *context, enum kube_end, const char *why); /* last; another GET may follow from within */
	void *context;
};

/* config and names are borrowed; names (NULL: none) finds the address of a host that is a name. NULL without memory. */
struct kube_http *kube_http_new(struct event_base *, struct evdns_base *names, const struct kube_config *, const struct kube_http_callbacks *);
void kube_http_free(struct kube_http *);

/* Asks for target; token may be NULL. False, with a line in error, where it cannot even be tried: no callback then. */
bool kube_http_get(struct kube_http *, const char *target, const char *token, char *error, size_t error_size);

/* While it is paused nothing is read, so that no callback has anything to tell but that a connection broke. */
void kube_http_pause(struct kube_http *, bool paused);

/* Ends what is under way, without a callback. */
void kube_http_close(struct kube_http *);

#endif
