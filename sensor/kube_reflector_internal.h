/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the two files of a reflector share: kube_reflector.c asks, waits and recovers, kube_answer.c
 * takes in what a granted list or watch brings.
 */
#ifndef PODWIRE_KUBE_REFLECTOR_INTERNAL_H
#define PODWIRE_KUBE_REFLECTOR_INTERNAL_H

#include "kube_buffer.h"
#include "kube_message.h"
#include "kube_pace.h"
#include "kube_reflector.h"
#include "kube_target.h"

enum { KUBE_SILENCE_SECONDS = 180 }; /* of a watch: three bookmarks */

enum kube_phase {
	KUBE_WAITING, /* for due */
	KUBE_ASKING,  /* no head yet */
	KUBE_REFUSED, /* the body of an error */
	KUBE_LISTING,
	KUBE_WATCHING,
};

struct kube_reflector {
	struct kube_reflector_options options;
	struct kube_sink sink;
	struct kube_kind_status status;
	struct kube_pace pace;

	enum kube_phase phase;
	enum kube_ask ask;
	struct kube_head head;
	struct kube_time now;
	int64_t due;                   /* of the next request */
	int64_t started, last_byte;    /* of the current one */
	int64_t silence, total;        /* how long it may be silent, and take */
	char target[KUBE_TARGET_SIZE];
	struct kube_buffer buffer;

	bool relist;                   /* the table is to be taken in whole */
	bool fresh;                    /* and without regard to the version known */
	char version[KUBE_VERSION_SIZE];
	char page_version[KUBE_VERSION_SIZE], more[KUBE_CONTINUE_SIZE]; /* of the list under way */
	unsigned page_limit, pages;
	int64_t initial_refused;       /* when; 0: not */
	int64_t last_gone;             /* when a 410 came; 0: never */
	bool heard;                    /* any byte in this watch */
	bool changed;                  /* any event */
	unsigned silent_watches;       /* in a row */

	bool token_refused, token_retried;
	bool ill;                      /* and somebody was told */
};

/* Whether the table is asked for without regard to what is known. */
bool kube_reflector_is_anew(const struct kube_reflector *);

int64_t kube_reflector_span(const struct kube_reflector *, double seconds);

/* Keeps the last error, and tells of it once for as long as it stays the same. */
void kube_reflector_note_error(struct kube_reflector *, const char *text);

/* What comes next. Each is an end: after it nothing more of the answer is wanted. */
void kube_reflector_wait_until(struct kube_reflector *, int64_t due);
void kube_reflector_fail(struct kube_reflector *, const char *text); /* notes it and backs off */
void kube_reflector_gone(struct kube_reflector *);                   /* 410 */
void kube_reflector_fall_back(struct kube_reflector *);              /* to lists, from initial events */

/* Next time the whole table, from the first page on; fresh: without regard to the version known. */
void kube_reflector_begin_again(struct kube_reflector *, bool fresh);

/* The table in the sink is whole, and of version. */
void kube_reflector_table_done(struct kube_reflector *, const char *version);

/* A watch ended: was it one of several without a byte? */
void kube_reflector_check_silence(struct kube_reflector *);

/* A piece of the body of a list or watch; false: the connection is to be closed. */
bool kube_answer_take(struct kube_reflector *, const char *bytes, size_t size);

/* The end of a watch; of a list, which must have been complete. */
void kube_answer_end_watch(struct kube_reflector *, enum kube_end, const char *why);
void kube_answer_end_page(struct kube_reflector *);

#endif
