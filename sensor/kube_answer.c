/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a list or a watch brings, for kube_reflector.c: events line by line, pages whole; and what
 * their ends mean.
 */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "kube_reflector_internal.h"

enum { PAGES_MAX = 100000 };

static const size_t line_limit = (size_t)8 << 20; /* an object is up to 1.5 MB where it is stored, more as JSON */
static const size_t page_size_limit = (size_t)64 << 20;
static const double pause_shortest = 1;           /* s from one watch's start to the next one's */

/* Versions of initial events have no order: only the bookmark behind them counts. */
static void
take_version(struct kube_reflector *r, const char *version)
{
	if (!r->relist && version[0] != '\0')
		(void)snprintf(r->version, sizeof(r->version), "%s", version);
}

static void
take_object(struct kube_reflector *r, const struct kube_event *e, const char *line)
{
	enum kube_change change = e->type == KUBE_EVENT_ADDED ? KUBE_ADDED : e->type == KUBE_EVENT_MODIFIED ? KUBE_MODIFIED : KUBE_DELETED;
	char error[128] = "";

	r->changed = true;
	r->status.events++;
	if (!r->sink.object(r->sink.context, r->options.kind, change, line + e->object.start, e->object.size, r->now.wall, error, sizeof(error))) {
		r->status.errors++;
		kube_reflector_note_error(r, error);
	}
	take_version(r, e->version);
}

/* False: the stream is over for us. */
static bool
take_bookmark(struct kube_reflector *r, const struct kube_event *e)
{
	if (!r->relist) {
		take_version(r, e->version);
		return true;
	}
	if (!e->initial_end) { /* a server that does not know what was asked for */
		kube_reflector_fall_back(r);
		return false;
	}
	if (e->version[0] == '\0') {
		kube_reflector_fail(r, "the end of the initial events has no version");
		return false;
	}
	kube_reflector_table_done(r, e->version);
	r->silence = kube_reflector_span(r, KUBE_SILENCE_SECONDS);
	return true;
}

static bool
take_failure(struct kube_reflector *r, const struct kube_failure *f)
{
	char text[192];

	if (f->code == 410) {
		kube_reflector_gone(r);
		return false;
	}
	if (f->version_too_large)
		kube_reflector_begin_again(r, true);
	(void)snprintf(text, sizeof(text), "the watch failed: %d %s", f->code, f->message);
	kube_reflector_fail(r, text);
	return false;
}

static bool
take_line(void *context, const char *line, size_t size)
{
	struct kube_reflector *r = context;
	struct kube_event e;
	char error[128];

	if (size == 0 || (size == 1 && line[0] == '\r'))
		return true;
	if (!kube_event_read(line, size, &e, error, sizeof(error))) {
		kube_reflector_begin_again(r, false);
		kube_reflector_fail(r, error);
		return false;
	}
	if (e.type == KUBE_EVENT_ERROR)
		return take_failure(r, &e.failure);
	if (e.type == KUBE_EVENT_BOOKMARK)
		return take_bookmark(r, &e);
	if (e.type != KUBE_EVENT_UNKNOWN)
		take_object(r, &e, line);
	return true;
}

static bool
take_lines(struct kube_reflector *r, const char *bytes, size_t size)
{
	enum kube_lines result = kube_buffer_lines(&r->buffer, bytes, size, line_limit, take_line, r);

	if (result == KUBE_LINES_TOO_LONG) {
		kube_reflector_begin_again(r, false);
		kube_reflector_fail(r, "a watch event of more than 8 MiB");
	}
	return result == KUBE_LINES_TAKEN;
}

/* Pages hold few enough objects to fit; with one object in a page there is no way left but to try again. */
static bool
take_list(struct kube_reflector *r, const char *bytes, size_t size)
{
	if (kube_buffer_add(&r->buffer, bytes, size, page_size_limit))
		return true;
	r->page_limit = r->page_limit > 8 ? r->page_limit / 8 : 1;
	kube_reflector_begin_again(r, false);
	kube_reflector_fail(r, "a page of a list of more than 64 MiB");
	return false;
}

/* One snapshot, one version; and it must come to an end. */
static const char *
check_page(struct kube_reflector *r, const struct kube_page *page)
{
	if (r->pages > 0 && strcmp(page->version, r->page_version) != 0)
		return "the pages of a list are of several versions";
	if (++r->pages > PAGES_MAX || (page->more[0] != '\0' && strcmp(page->more, r->more) == 0))
		return "a list without an end";
	return NULL;
}

void
kube_answer_end_page(struct kube_reflector *r)
{
	char error[128] = "";
	const char *flaw = NULL;
	struct kube_page page;

	if (kube_page_read(r->buffer.bytes, r->buffer.size, &page, error, sizeof(error))) {
		if (r->pages == 0)
			r->sink.relist_begin(r->sink.context, r->options.kind, kube_reflector_is_anew(r));
		flaw = check_page(r, &page);
		if (flaw == NULL && !r->sink.page(r->sink.context, r->options.kind, r->buffer.bytes, r->buffer.size, r->now.wall, error, sizeof(error)))
			flaw = error;
	} else {
		flaw = error;
	}
	if (flaw != NULL) {
		kube_reflector_begin_again(r, false);
		kube_reflector_fail(r, flaw);
		return;
	}
	memcpy(r->page_version, page.version, sizeof(page.version));
	memcpy(r->more, page.more, sizeof(page.more));
	if (page.more[0] == '\0')
		kube_reflector_table_done(r, page.version);
	kube_reflector_wait_until(r, r->now.steady);
}

/* Between watches: at once, unless the watch was of no use, which would make a hot loop with a broken proxy. */
void
kube_answer_end_watch(struct kube_reflector *r, enum kube_end how, const char *why)
{
	int64_t earliest = r->started + kube_reflector_span(r, pause_shortest);

	if (r->relist && how == KUBE_END_COMPLETE) { /* without the mark of their end: asked of a server that does not know it */
		kube_reflector_fall_back(r);
		return;
	}
	if (r->relist || (!r->changed && r->now.steady < earliest)) {
		kube_reflector_fail(r, how == KUBE_END_COMPLETE ? "a watch ended as soon as it began" : why);
		return;
	}
	if (how != KUBE_END_COMPLETE)
		r->status.errors++;
	if (r->heard || r->now.steady - r->started >= kube_reflector_span(r, KUBE_SILENCE_SECONDS))
		kube_reflector_check_silence(r);
	kube_reflector_wait_until(r, r->now.steady > earliest ? r->now.steady : earliest);
}

bool
kube_answer_take(struct kube_reflector *r, const char *bytes, size_t size)
{
	return r->phase == KUBE_LISTING ? take_list(r, bytes, size) : take_lines(r, bytes, size);
}
