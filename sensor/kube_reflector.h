/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps one kind of Kubernetes object in step with the API: which request is due when, what its
 * answer means, what is to be done after each way in which it can end. Pure: times and bytes come
 * in, objects go to the sink, and what to do next is asked for; no I/O and no clock.
 *
 * A table is taken in whole by a watch with initial events, or by a list in pages where the server
 * has no such watch, and kept by watches from its version on.
 */
#ifndef PODWIRE_KUBE_REFLECTOR_H
#define PODWIRE_KUBE_REFLECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kube_client.h"
#include "kube_response.h"
#include "kube_sink.h"

struct kube_reflector;

/* ns; steady never goes back and is above 0, wall counts since 1970. */
struct kube_time {
	int64_t steady, wall;
};

struct kube_reflector_options {
	enum kube_kind kind;
	const char *node;      /* as in struct kube_options; borrowed */
	double relist_spread;  /* s, for each begun 1000 objects up to 20,000 */
	double time_divisor;   /* all intervals are divided by it */
	uint64_t seed;         /* of what is random */
	void (*log)(void *context, enum kube_log_level, const char *line);
	void *log_context;
};

enum kube_do {
	KUBE_DO_NOTHING, /* before kube_reflector_due() */
	KUBE_DO_REQUEST, /* send a GET for kube_reflector_target() */
	KUBE_DO_DROP,    /* close the connection: no answer to that request is wanted any more */
};

/* How an answer ended. */
enum kube_end {
	KUBE_END_COMPLETE,
	KUBE_END_CUT,         /* the connection ended or broke before it was over */
	KUBE_END_UNREACHABLE, /* no answer began: no connection, or no proof of the server's identity */
};

/* The sink is copied. */
struct kube_reflector *kube_reflector_new(const struct kube_reflector_options *, const struct kube_sink *);
void kube_reflector_free(struct kube_reflector *);

int64_t kube_reflector_due(const struct kube_reflector *); /* steady time of the next advance */
enum kube_do kube_reflector_advance(struct kube_reflector *, struct kube_time);
const char *kube_reflector_target(const struct kube_reflector *);

/* The answer to the last request: a head, pieces of the body, an end. */
void kube_reflector_head(struct kube_reflector *, struct kube_time, const struct kube_head *);

/* False: close the connection, as for KUBE_DO_DROP. */
bool kube_reflector_body(struct kube_reflector *, struct kube_time, const char *bytes, size_t size);

/* why: one line for people, of an end that is not complete. */
void kube_reflector_ended(struct kube_reflector *, struct kube_time, enum kube_end, const char *why);

/* Whether the token was refused since the last call: read it anew. */
bool kube_reflector_token_refused(struct kube_reflector *);

const struct kube_kind_status *kube_reflector_status(const struct kube_reflector *);

#endif
