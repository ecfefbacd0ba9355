/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers of a Kubernetes API: the first byte says how long pieces are, the rest is what one
 * connection after another sends, with a 0xff byte between them. Whatever comes, another request
 * must be due, the table must only be replaced by whole lists, and errors be one visible line.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "sensor/kube_reflector.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool relisting;

static void
check_line(const char *line)
{
	for (; *line != '\0'; line++)
		if (*line < ' ' || *line > '~')
			abort();
}

static void
on_log(void *context, enum kube_log_level level, const char *line)
{
	(void)context;
	(void)level;
	check_line(line);
}

static bool
on_object(void *context, enum kube_kind kind, enum kube_change change, const char *json, size_t size, int64_t time, char *error, size_t error_size)
{
	(void)context;
	(void)time;
	(void)error_size;
	if (kind != KUBE_PODS || change > KUBE_DELETED || size < 2 || json[0] != '{' || json[size - 1] != '}')
		abort();
	error[0] = '\0';
	return json[1] != '}';
}

static bool
on_page(void *context, enum kube_kind kind, const char *json, size_t size, int64_t time, char *error, size_t error_size)
{
	(void)error_size;
	(void)context;
	(void)kind;
	(void)time;
	if (!relisting || size < 2 || memchr(json, '{', size) == NULL)
		abort();
	error[0] = '\0';
	return true;
}

static void
on_begin(void *context, enum kube_kind kind, bool anew)
{
	(void)context;
	(void)anew;
	(void)kind;
	relisting = true;
}

static void
on_end(void *context, enum kube_kind kind, int64_t time)
{
	(void)context;
	(void)kind;
	(void)time;
	if (!relisting)
		abort();
	relisting = false;
}

/* True where the connection goes on after these bytes. */
static bool
feed(struct kube_reflector *r, struct kube_response *response, struct kube_time now, const char *bytes, size_t size)
{
	const char *piece = NULL;
	size_t piece_size = 0;
	enum kube_response_event e;

	while ((e = kube_response_read(response, &bytes, &size, &piece, &piece_size)) != KUBE_RESPONSE_MORE) {
		if (e == KUBE_RESPONSE_HEAD) {
			kube_reflector_head(r, now, &response->head);
		} else if (e == KUBE_RESPONSE_BODY) {
			if (!kube_reflector_body(r, now, piece, piece_size))
				return false;
		} else {
			kube_reflector_ended(r, now, e == KUBE_RESPONSE_END ? KUBE_END_COMPLETE : KUBE_END_CUT, "broken");
			return false;
		}
	}
	return true;
}

static void
connection(struct kube_reflector *r, struct kube_time *now, const char *bytes, size_t size, size_t piece)
{
	struct kube_response response;
	int64_t wait = kube_reflector_due(r) - now->steady;

	if (wait > INT64_C(700) * 1000000000)
		abort();
	now->steady += wait > 0 ? wait : 0;
	if (kube_reflector_advance(r, *now) != KUBE_DO_REQUEST || kube_reflector_target(r)[0] != '/')
		abort();
	check_line(kube_reflector_target(r));
	kube_response_init(&response);
	for (; size > 0;) {
		size_t n = size < piece ? size : piece;

		now->steady += 1000000000;
		if (kube_reflector_advance(r, *now) != KUBE_DO_NOTHING || !feed(r, &response, *now, bytes, n))
			break;
		bytes += n;
		size -= n;
		if (size == 0)
			kube_reflector_ended(r, *now, kube_response_is_new(&response) ? KUBE_END_UNREACHABLE : KUBE_END_CUT, "cut");
	}
	check_line(kube_reflector_status(r)->error);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct kube_reflector_options o = { .kind = KUBE_PODS, .node = "n", .relist_spread = 30, .time_divisor = 1, .seed = 1, .log = on_log };
	const struct kube_sink sink = { .object = on_object, .page = on_page, .relist_begin = on_begin, .relist_end = on_end };
	struct kube_time now = { .steady = 1000, .wall = 1000 };
	struct kube_reflector *r;
	const char *at = (const char *)data + 1, *end;
	size_t left, n;

	if (size == 0)
		return 0;
	relisting = false;
	r = kube_reflector_new(&o, &sink);
	for (left = size - 1; left > 0; at += n, left -= n) {
		end = memchr(at, 0xff, left);
		n = end != NULL ? (size_t)(end - at) : left;
		if (n > 0)
			connection(r, &now, at, n, data[0] == 0 ? SIZE_MAX : data[0]);
		if (end != NULL)
			n++;
	}
	kube_reflector_free(r);
	return 0;
}
