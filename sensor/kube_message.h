/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a Kubernetes client must know of an answer before it hands it on: a watch event's type and
 * version, a list's version and its next page, a Status. Objects themselves are not looked into.
 */
#ifndef PODWIRE_KUBE_MESSAGE_H
#define PODWIRE_KUBE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "json_text.h"

enum {
	KUBE_VERSION_SIZE = 128,   /* a resourceVersion is text, handed back untouched */
	KUBE_CONTINUE_SIZE = 4096,
};

enum kube_event_type { KUBE_EVENT_UNKNOWN, KUBE_EVENT_ADDED, KUBE_EVENT_MODIFIED, KUBE_EVENT_DELETED, KUBE_EVENT_BOOKMARK, KUBE_EVENT_ERROR };

/* What a Status says; a body that is none has code 0. */
struct kube_failure {
	int code;
	bool version_too_large; /* newer than the server's */
	char message[160];      /* visible ASCII */
};

struct kube_event {
	enum kube_event_type type;
	struct json_piece object;
	char version[KUBE_VERSION_SIZE]; /* "": the object has none */
	bool initial_end;                /* the bookmark behind the initial events */
	struct kube_failure failure;     /* of ERROR */
};

struct kube_page {
	char version[KUBE_VERSION_SIZE];
	char more[KUBE_CONTINUE_SIZE]; /* the continue token; "": this was the last page */
};

/* One line of a watch, one page of a list; false, with a line in error, where it is none. */
bool kube_event_read(const char *text, size_t size, struct kube_event *, char *error, size_t error_size);
bool kube_page_read(const char *text, size_t size, struct kube_page *, char *error, size_t error_size);

/* The body of a refusal: a Status, or text or HTML of a proxy, of which the first line is the message. */
void kube_failure_read(const char *text, size_t size, bool json, struct kube_failure *);

#endif
