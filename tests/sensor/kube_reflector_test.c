/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One kind's list and watch, driven without a network: answers come as the bytes of HTTP, whole, in
 * pieces, cut at each offset; the table must be right afterwards, and requests due when they should.
 */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kube_table.h"
#include "sensor/kube_reflector.h"

#define SECOND INT64_C(1000000000)

static struct kube_table table;
static struct kube_reflector *reflector;
static struct kube_time now;
static char last_log[512];

static void
keep_log(void *context, enum kube_log_level level, const char *line)
{
	(void)context;
	(void)level;
	for (const char *c = line; *c != '\0'; c++)
		assert_true(*c >= ' ' && *c <= '~');
	(void)snprintf(last_log, sizeof(last_log), "%s", line);
}

static void
start_as(enum kube_kind kind, const char *node)
{
	const struct kube_reflector_options o = { .kind = kind, .node = node, .relist_spread = 30, .time_divisor = 1, .seed = 7, .log = keep_log };
	struct kube_sink sink;

	kube_table_init(&table);
	sink = kube_table_sink(&table);
	reflector = kube_reflector_new(&o, &sink);
	now = (struct kube_time){ .steady = 1000 * SECOND, .wall = 1767225600 * SECOND };
	last_log[0] = '\0';
}

static void
start(void)
{
	start_as(KUBE_PODS, NULL);
}

static void
stop(void)
{
	assert_null(table.flaw);
	kube_reflector_free(reflector);
	kube_table_clear(&table);
}

static void
pass(int64_t ns)
{
	now.steady += ns;
	now.wall += ns;
}

/* Seconds until something is due. */
static double
wait_time(void)
{
	return (double)(kube_reflector_due(reflector) - now.steady) / 1e9;
}

/* Moves time to the next request and returns its target. */
static const char *
next_request(void)
{
	if (kube_reflector_due(reflector) > now.steady)
		pass(kube_reflector_due(reflector) - now.steady);
	assert_int_equal(kube_reflector_advance(reflector, now), KUBE_DO_REQUEST);
	return kube_reflector_target(reflector);
}

enum outcome { OPEN, ENDED, DROPPED };

/* As kube_http.c does it: the bytes of an answer, in pieces of at most `piece`. */
static enum outcome
feed(struct kube_response *r, const char *bytes, size_t size, size_t piece)
{
	while (size > 0) {
		size_t n = size < piece ? size : piece, left = n, body_size = 0;
		const char *at = bytes, *body = NULL;
		enum kube_response_event e;

		while ((e = kube_response_read(r, &at, &left, &body, &body_size)) != KUBE_RESPONSE_MORE) {
			if (e == KUBE_RESPONSE_HEAD)
				kube_reflector_head(reflector, now, &r->head);
			else if (e == KUBE_RESPONSE_BODY && !kube_reflector_body(reflector, now, body, body_size))
				return DROPPED;
			else if (e == KUBE_RESPONSE_END || e == KUBE_RESPONSE_BROKEN) {
				kube_reflector_ended(reflector, now, e == KUBE_RESPONSE_END ? KUBE_END_COMPLETE : KUBE_END_CUT, "broken");
				return ENDED;
			}
		}
		bytes += n;
		size -= n;
	}
	return OPEN;
}

/* A whole answer, after which the connection ends. */
static enum outcome
answer_in_pieces(const char *bytes, size_t size, size_t piece)
{
	struct kube_response r;
	enum outcome o;

	kube_response_init(&r);
	o = feed(&r, bytes, size, piece);
	if (o == OPEN)
		kube_reflector_ended(reflector, now, kube_response_is_new(&r) ? KUBE_END_UNREACHABLE : KUBE_END_CUT, "the connection ended");
	return o;
}

static enum outcome
answer(const char *bytes)
{
	return answer_in_pieces(bytes, strlen(bytes), SIZE_MAX);
}

#define JSON_HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
#define CHUNKED JSON_HEAD "Transfer-Encoding: chunked\r\n\r\n"

/* An answer of one chunk, and its end unless it is to stay open. */
static char *
chunked(const char *body, bool open)
{
	static char text[16384];

	(void)snprintf(text, sizeof(text), CHUNKED "%zx\r\n%s\r\n%s", strlen(body), body, open ? "" : "0\r\n\r\n");
	return text;
}

static char *
refusal(int code, const char *headers, const char *body)
{
	static char text[4096];

	(void)snprintf(text, sizeof(text), "HTTP/1.1 %d Reason\r\n%sContent-Length: %zu\r\n\r\n%s", code, headers, strlen(body), body);
	return text;
}

#define OBJECT(name, version) "{\"metadata\":{\"name\":\"" name "\",\"namespace\":\"n\",\"uid\":\"u" name "\",\"resourceVersion\":\"" version "\"}}"
#define EVENT(type, name, version) "{\"type\":\"" type "\",\"object\":" OBJECT(name, version) "}\n"
#define MARK(version) "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Pod\",\"metadata\":{\"resourceVersion\":\"" version "\",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}},\"spec\":{\"containers\":null}}}\n"
#define BOOKMARK(version) "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Pod\",\"metadata\":{\"resourceVersion\":\"" version "\"},\"spec\":{\"containers\":null}}}\n"
#define STATUS(code) "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\",\"message\":\"so it is\",\"code\":" #code "}"
#define ERROR(code) "{\"type\":\"ERROR\",\"object\":" STATUS(code) "}\n"
#define PAGE(version, more, items) "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"" version "\",\"continue\":\"" more "\"},\"items\":[" items "]}"
#define JSON_TYPE "Content-Type: application/json\r\n"

static void
expect_pods(const char *pods)
{
	char *text = kube_table_text(&table), want[1024];

	(void)snprintf(want, sizeof(want), "\"pods\":{%s}", pods);
	if (strstr(text, want) == NULL)
		fail_msg("%s is not in %s: %s", want, text, kube_reflector_status(reflector)->error);
	free(text);
}

static const struct kube_kind_status *
status(void)
{
	return kube_reflector_status(reflector);
}

#define TWO EVENT("ADDED", "b", "9") EVENT("ADDED", "a", "3")
#define TABLE_TWO "\"ua\":\"n/a 3\",\"ub\":\"n/b 9\""

/* In step with a and b, at version 20; the stream has ended in order. */
static void
sync_two(void)
{
	assert_non_null(strstr(next_request(), "sendInitialEvents=true"));
	pass(SECOND);
	(void)answer(chunked(TWO MARK("20"), false));
	expect_pods(TABLE_TWO);
	assert_true(status()->synced);
}

static void
initial_events_then_watch(void **state)
{
	const char *target;

	(void)state;
	start();
	target = next_request();
	assert_true(strncmp(target, "/api/v1/pods?watch=1&allowWatchBookmarks=true&timeoutSeconds=", 61) == 0);
	assert_non_null(strstr(target, "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"));
	assert_null(strstr(target, "resourceVersion="));
	pass(2 * SECOND);
	assert_int_equal(answer(chunked(TWO MARK("20") EVENT("MODIFIED", "a", "21") EVENT("DELETED", "b", "22"), false)), ENDED);
	expect_pods("\"ua\":\"n/a 21\"");
	assert_string_equal(status()->error, "");
	assert_int_equal(status()->events, 4);
	assert_int_equal(wait_time(), 0);
	assert_non_null(strstr(next_request(), "&resourceVersion=22"));
	assert_null(strstr(kube_reflector_target(reflector), "sendInitialEvents"));
	assert_int_equal(status()->relists, 0);
	stop();
}

/* An end mark with nothing before it is an empty table. */
static void
empty_set(void **state)
{
	(void)state;
	start();
	sync_two();
	(void)next_request();
	(void)answer(chunked(ERROR(410), false));
	expect_pods(TABLE_TWO);
	assert_non_null(strstr(next_request(), "sendInitialEvents=true&resourceVersion=20&"));
	pass(SECOND);
	(void)answer(chunked(MARK("30"), false));
	expect_pods("");
	assert_true(status()->synced);
	assert_int_equal(status()->relists, 1);
	stop();
}

static const char *const stream = TWO MARK("20") BOOKMARK("20") BOOKMARK("20") EVENT("MODIFIED", "a", "21") EVENT("NEW", "z", "22") EVENT("ADDED", "c", "23") EVENT("DELETED", "b", "24");
#define TABLE_STREAM "\"ua\":\"n/a 21\",\"uc\":\"n/c 23\""

static void
any_pieces(void **state)
{
	char *text = strdup(chunked(stream, false));

	(void)state;
	for (size_t piece = 1; piece < 40; piece++) {
		start();
		(void)next_request();
		assert_int_equal(answer_in_pieces(text, strlen(text), piece), ENDED);
		expect_pods(TABLE_STREAM);
		assert_int_equal(status()->events, 5);
		stop();
	}
	free(text);
}

/* Chunks of any size: an event's line need not be in one. */
static void
any_chunks(void **state)
{
	char text[16384];

	(void)state;
	for (size_t chunk = 1; chunk < 300; chunk += 7) {
		size_t at = (size_t)snprintf(text, sizeof(text), CHUNKED), size = strlen(stream);

		for (size_t i = 0; i < size; i += chunk) {
			size_t n = size - i < chunk ? size - i : chunk;

			at += (size_t)snprintf(text + at, sizeof(text) - at, "%zX;x=y\r\n%.*s\r\n", n, (int)n, stream + i);
		}
		(void)snprintf(text + at, sizeof(text) - at, "0\r\nTrailer: yes\r\n\r\n");
		start();
		(void)next_request();
		assert_int_equal(answer_in_pieces(text, strlen(text), 11), ENDED);
		expect_pods(TABLE_STREAM);
		stop();
	}
}

/* Answers what is asked next as a server would that stands at version 24, until the table is synced. */
static void
serve_rest(void)
{
	static const struct {
		const char *version, *events;
	} since[] = {
		{ "&resourceVersion=20", EVENT("MODIFIED", "a", "21") EVENT("ADDED", "c", "23") EVENT("DELETED", "b", "24") },
		{ "&resourceVersion=21", EVENT("ADDED", "c", "23") EVENT("DELETED", "b", "24") },
		{ "&resourceVersion=23", EVENT("DELETED", "b", "24") },
		{ "&resourceVersion=24", BOOKMARK("24") },
	};

	for (int i = 0; i < 3; i++) {
		const char *target = next_request();

		pass(2 * SECOND);
		if (strstr(target, "sendInitialEvents") != NULL) {
			(void)answer(chunked(EVENT("ADDED", "c", "23") EVENT("ADDED", "a", "21") MARK("24"), false));
			continue;
		}
		for (size_t k = 0; k < sizeof(since) / sizeof(since[0]); k++)
			if (strstr(target, since[k].version) != NULL)
				(void)answer(chunked(since[k].events, false));
	}
}

static void
cut_at_each_offset(void **state)
{
	char *text = strdup(chunked(stream, false));
	size_t size = strlen(text);

	(void)state;
	for (size_t cut = 0; cut < size; cut++) {
		start();
		(void)next_request();
		assert_int_equal(answer_in_pieces(text, cut, 97), OPEN);
		if (!status()->synced)
			assert_int_equal(table.ends, 0);
		serve_rest();
		expect_pods(TABLE_STREAM);
		assert_true(status()->synced);
		assert_int_equal(table.ends, 1);
		stop();
	}
	free(text);
}

/* A server without initial events: pages, then a watch from their version. */
static void
fall_back_to_pages(void **state)
{
	static const int codes[] = { 422, 400 };
	const char *target;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		start();
		(void)next_request();
		assert_int_equal(answer(refusal(codes[i], JSON_TYPE, STATUS(422))), ENDED);
		assert_string_equal(next_request(), "/api/v1/pods?limit=100");
		(void)answer(chunked(PAGE("20", "a+/=b", OBJECT("a", "3")), false));
		expect_pods("\"ua\":\"n/a 3\"");
		assert_false(status()->synced);
		assert_int_equal(table.ends, 0);
		assert_string_equal(next_request(), "/api/v1/pods?limit=100&continue=a%2B%2F%3Db");
		(void)answer(refusal(200, JSON_TYPE, PAGE("20", "", OBJECT("b", "9"))));
		expect_pods(TABLE_TWO);
		assert_true(status()->synced);
		target = next_request();
		assert_non_null(strstr(target, "watch=1"));
		assert_non_null(strstr(target, "&resourceVersion=20"));
		stop();
	}
}

/* Servers that start a watch with all objects, but know no end mark. */
static void
no_end_mark(void **state)
{
	(void)state;
	start();
	(void)next_request();
	assert_int_equal(answer(chunked(TWO BOOKMARK("20"), true)), DROPPED);
	assert_string_equal(next_request(), "/api/v1/pods?limit=100");
	stop();

	start();
	(void)next_request();
	assert_int_equal(answer(chunked(TWO, false)), ENDED);
	assert_string_equal(next_request(), "/api/v1/pods?limit=100");
	stop();
}

/* What is left unanswered, or silent, for too long. */
static void
silence(void **state)
{
	struct kube_response r;

	(void)state;
	start();
	(void)next_request();
	assert_int_equal(wait_time(), 70);
	pass(70 * SECOND);
	assert_int_equal(kube_reflector_advance(reflector, now), KUBE_DO_DROP);
	assert_true(wait_time() >= 0.8 && wait_time() <= 1.6);

	/* Initial events that stop before the mark. */
	(void)next_request();
	kube_response_init(&r);
	assert_int_equal(feed(&r, chunked(TWO, true), strlen(chunked(TWO, true)), SIZE_MAX), OPEN);
	pass(70 * SECOND);
	assert_int_equal(kube_reflector_advance(reflector, now), KUBE_DO_DROP);
	assert_string_equal(next_request(), "/api/v1/pods?limit=100");
	stop();

	/* A watch: three minutes. Twice without any byte, and the version itself is in doubt. */
	start();
	sync_two();
	for (int i = 0; i < 2; i++) {
		assert_non_null(strstr(next_request(), "&resourceVersion=20"));
		kube_response_init(&r);
		(void)feed(&r, CHUNKED, strlen(CHUNKED), SIZE_MAX);
		assert_int_equal(wait_time(), 180);
		pass(179 * SECOND);
		assert_int_equal(kube_reflector_advance(reflector, now), KUBE_DO_NOTHING);
		pass(SECOND);
		assert_int_equal(kube_reflector_advance(reflector, now), KUBE_DO_DROP);
	}
	assert_null(strstr(next_request(), "resourceVersion="));
	expect_pods(TABLE_TWO);
	stop();
}

/* A watch that the server never ends is ended somewhat after it should have. */
static void
endless_watch(void **state)
{
	struct kube_response r;
	unsigned asked, seconds = 0;
	enum kube_do what;

	(void)state;
	start();
	sync_two();
	assert_int_equal(sscanf(strstr(next_request(), "timeoutSeconds="), "timeoutSeconds=%u", &asked), 1);
	assert_true(asked >= 300 && asked <= 600);
	kube_response_init(&r);
	(void)feed(&r, CHUNKED, strlen(CHUNKED), SIZE_MAX);
	do {
		pass(SECOND);
		what = kube_reflector_advance(reflector, now);
		if (what == KUBE_DO_NOTHING && ++seconds % 60 == 0) {
			char chunk[256];

			(void)snprintf(chunk, sizeof(chunk), "%zx\r\n" BOOKMARK("20") "\r\n", strlen(BOOKMARK("20")));
			(void)feed(&r, chunk, strlen(chunk), SIZE_MAX);
		}
	} while (what == KUBE_DO_NOTHING);
	assert_int_equal(what, KUBE_DO_DROP);
	assert_true(seconds >= asked + 28 && seconds <= asked + 31);
	assert_non_null(strstr(next_request(), "&resourceVersion=20"));
	stop();
}

/* 410 comes as an event of a good answer: a list not older than what is known, then one of anything. */
static void
gone(void **state)
{
	double wait;

	(void)state;
	start();
	sync_two();
	(void)next_request();
	pass(60 * SECOND);
	assert_int_equal(answer(chunked(ERROR(410), false)), DROPPED);
	assert_int_equal(status()->gone, 1);
	assert_int_equal(status()->relists, 1);
	wait = wait_time();
	assert_true(wait >= 0.8 && wait <= 31.6);
	assert_non_null(strstr(next_request(), "&resourceVersion=20&"));
	(void)answer(refusal(410, JSON_TYPE, STATUS(410)));
	assert_null(strstr(next_request(), "resourceVersion="));
	assert_int_equal(status()->gone, 2);
	assert_int_equal(status()->relists, 1);
	expect_pods(TABLE_TWO);
	pass(SECOND);
	(void)answer(chunked(EVENT("ADDED", "c", "40") MARK("41"), false));
	expect_pods("\"uc\":\"n/c 40\"");
	assert_true(table.anew);
	(void)next_request();
	(void)answer(chunked(ERROR(410), false));
	(void)next_request();
	pass(SECOND);
	(void)answer(chunked(EVENT("ADDED", "c", "40") MARK("42"), false));
	assert_false(table.anew);
	stop();
}

/* After an outage: the wait of its last errors, of up to a minute, does not come before the spread. Where nothing but 410 comes it grows. */
static void
gone_after_outage(void **state)
{
	double wait;

	(void)state;
	start();
	sync_two();
	for (int times = 0; times < 8; times++) {
		(void)next_request();
		kube_reflector_ended(reflector, now, KUBE_END_UNREACHABLE, "refused");
	}
	assert_true(wait_time() >= 30);
	for (int times = 0; times < 8; times++) {
		(void)next_request();
		(void)answer(chunked(ERROR(410), false));
		wait = wait_time();
		assert_true(times == 0 ? wait <= 31.6 : wait >= 0.8);
		(void)next_request();
		(void)answer(chunked(TWO MARK("20"), false));
	}
	assert_true(wait >= 30);
	stop();
}

/* All sensors of a cluster list anew at the same time: the more there is, the longer they wait, each its own time. */
static void
spread(void **state)
{
	double longest = 0, shortest = 1000;

	(void)state;
	for (uint64_t seed = 0; seed < 40; seed++) {
		start();
		sync_two();
		for (int i = 0; i < 4000; i++) {
			char uid[16];

			(void)snprintf(uid, sizeof(uid), "%d", i);
			(void)json_object_set_new(table.kinds[KUBE_PODS], uid, json_pack("[s,s,i]", "x", "1", 1));
		}
		for (uint64_t i = 0; i < seed; i++) { /* on with the random numbers */
			(void)next_request();
			pass(SECOND);
			(void)answer(chunked(BOOKMARK("21"), false));
		}
		(void)next_request();
		(void)answer(chunked(ERROR(410), false));
		longest = wait_time() > longest ? wait_time() : longest;
		shortest = wait_time() < shortest ? wait_time() : shortest;
		stop();
	}
	assert_true(shortest < 30 && longest > 60 && longest < 125);
}

/* The same of lists and their pages. */
static void
gone_between_pages(void **state)
{
	(void)state;
	start();
	(void)next_request();
	(void)answer(refusal(422, JSON_TYPE, STATUS(422)));
	(void)next_request();
	(void)answer(chunked(PAGE("20", "t", OBJECT("a", "3")), false));
	(void)next_request();
	(void)answer(refusal(410, JSON_TYPE, STATUS(410)));
	assert_true(wait_time() > 0.7);
	assert_string_equal(next_request(), "/api/v1/pods?limit=100");
	/* Pages of two versions are no snapshot. */
	(void)answer(chunked(PAGE("30", "t", OBJECT("a", "3")), false));
	(void)next_request();
	(void)answer(chunked(PAGE("31", "", OBJECT("b", "9")), false));
	assert_false(status()->synced);
	assert_string_equal(next_request(), "/api/v1/pods?limit=100");
	/* Nor are pages without an end. */
	(void)answer(chunked(PAGE("30", "t", OBJECT("a", "3")), false));
	(void)next_request();
	(void)answer(chunked(PAGE("30", "t", OBJECT("a", "3")), false));
	assert_string_equal(next_request(), "/api/v1/pods?limit=100");
	(void)answer(chunked(PAGE("40", "", OBJECT("b", "9")), false));
	expect_pods("\"ub\":\"n/b 9\"");
	stop();
}

/* A list cut short, at any byte, replaces nothing. */
static void
cut_lists(void **state)
{
	char *text = strdup(chunked(PAGE("30", "", OBJECT("a", "3") "," OBJECT("c", "25")), false));

	(void)state;
	for (size_t cut = 0; cut < strlen(text); cut++) {
		start();
		sync_two();
		(void)next_request();
		(void)answer(chunked(ERROR(410), false));
		(void)next_request();
		(void)answer(refusal(422, JSON_TYPE, STATUS(422)));
		assert_string_equal(next_request(), "/api/v1/pods?limit=100&resourceVersion=20&resourceVersionMatch=NotOlderThan");
		(void)answer_in_pieces(text, cut, 61);
		expect_pods(TABLE_TWO);
		assert_int_equal(table.ends, 1);
		(void)next_request();
		(void)answer(text);
		expect_pods("\"ua\":\"n/a 3\",\"uc\":\"n/c 25\"");
		stop();
	}
	free(text);
}

/* A body that is whole as HTTP but not as JSON, or no list, or not JSON at all. */
static void
no_list(void **state)
{
	static const char *const bodies[] = {
		"", "{}", "[]", "null", "<html>", "{\"kind\":\"PodList\",\"metadata\":{\"resourceVersion\":\"30\"},\"items\":[" OBJECT("a", "3") "]", PAGE("", "", OBJECT("a", "3")),
		"{\"kind\":\"Pod\",\"metadata\":{\"resourceVersion\":\"30\"}}", "{\"kind\":\"PodList\",\"items\":[]}", PAGE("30", "", OBJECT("a", "3")) "x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		start();
		(void)next_request();
		(void)answer(refusal(422, JSON_TYPE, STATUS(422)));
		(void)next_request();
		(void)answer(refusal(200, JSON_TYPE, bodies[i]));
		assert_false(status()->synced);
		assert_int_equal(status()->errors, 1);
		assert_string_not_equal(status()->error, "");
		assert_string_equal(next_request(), "/api/v1/pods?limit=100");
		stop();
	}
	start();
	(void)next_request();
	(void)answer(refusal(200, "Content-Type: text/html\r\n", "<html>log in</html>"));
	assert_string_equal(status()->error, "HTTP 200: <html>log in</html>");
	stop();
}

/* Refusals wait, longer each time, and no sooner than asked. */
static void
refusals(void **state)
{
	static const struct {
		int code;
		const char *headers, *body;
		double least, most;
	} cases[] = {
		{ 429, "Content-Type: text/plain; charset=utf-8\r\nRetry-After: 2\r\n", "Too many requests, please try again later.\n", 2, 2 },
		{ 429, "Content-Type: text/plain; charset=utf-8\r\nConnection: close\r\nRetry-After: 5\r\n", "The apiserver is shutting down.\n", 5, 5 },
		{ 429, "", "", 0.8, 1.6 },
		{ 429, "Retry-After: 99999999999999999999\r\n", "", 0.8, 1.6 },
		{ 429, "Retry-After: 86400\r\n", "", 300, 300 },
		{ 503, "Content-Type: text/html\r\nRetry-After: 1\r\n", "<html>\n<h1>503 Service Unavailable</h1>\n", 1, 1.6 },
		{ 502, "Content-Type: text/html\r\n", "<html>", 0.8, 1.6 },
		{ 504, JSON_TYPE, STATUS(504), 0.8, 1.6 },
		{ 403, JSON_TYPE, STATUS(403), 0.8, 1.6 },
		{ 404, JSON_TYPE, STATUS(404), 0.8, 1.6 },
		{ 500, "Content-Type: text/plain\r\n", "etcd failed\n", 0.8, 1.6 },
		{ 301, "Location: https://elsewhere/\r\n", "", 0.8, 1.6 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		start();
		sync_two();
		for (int times = 0; times < 2; times++) {
			assert_non_null(strstr(next_request(), "&resourceVersion=20"));
			assert_int_equal(answer(refusal(cases[i].code, cases[i].headers, cases[i].body)), ENDED);
			if (times == 0)
				assert_true(wait_time() >= cases[i].least && wait_time() <= cases[i].most);
			assert_string_not_equal(status()->error, "");
			assert_true(strncmp(last_log, "kubernetes pods: HTTP ", 22) == 0);
			expect_pods(TABLE_TWO);
		}
		assert_int_equal(status()->refused, cases[i].code == 403 || cases[i].code == 404);
		/* Other troubles do not grant what was refused: readiness would come and go with them. */
		(void)next_request();
		(void)answer(refusal(503, "", ""));
		assert_int_equal(status()->refused, cases[i].code == 403 || cases[i].code == 404);
		assert_int_equal(status()->forbidden, cases[i].code == 403 ? 2 : 0);
		assert_int_equal(status()->throttled, cases[i].code == 429 ? 2 : 0);
		(void)next_request();
		pass(SECOND);
		(void)answer(chunked(BOOKMARK("21"), false));
		assert_string_equal(status()->error, "");
		assert_false(status()->refused);
		assert_string_equal(last_log, "kubernetes pods: in step again");
		stop();
	}
}

/* 401: at once with what the file says now, then as every refusal. */
static void
unauthorized(void **state)
{
	(void)state;
	start();
	(void)next_request();
	(void)answer(refusal(401, JSON_TYPE, STATUS(401)));
	assert_true(kube_reflector_token_refused(reflector));
	assert_false(kube_reflector_token_refused(reflector));
	assert_int_equal(wait_time(), 0);
	(void)next_request();
	(void)answer(refusal(401, JSON_TYPE, STATUS(401)));
	assert_true(kube_reflector_token_refused(reflector));
	assert_true(wait_time() >= 0.8);
	assert_int_equal(status()->unauthorized, 2);
	sync_two();
	stop();
}

/* 0.8 s doubling to 30 s, each times 1 to 2; from the start after two minutes of health. */
static void
back_off(void **state)
{
	double least = 0.8;

	(void)state;
	start();
	for (int i = 0; i < 10; i++) {
		(void)next_request();
		kube_reflector_ended(reflector, now, KUBE_END_UNREACHABLE, "refused");
		assert_true(wait_time() >= least - 1e-6 && wait_time() <= 2 * least);
		least = least * 2 < 30 ? least * 2 : 30;
	}
	sync_two();
	for (int i = 0; i < 2; i++) {
		(void)next_request();
		if (i == 1)
			break;
		pass(130 * SECOND);
		(void)answer(chunked(BOOKMARK("21"), false));
	}
	kube_reflector_ended(reflector, now, KUBE_END_UNREACHABLE, "refused");
	assert_true(wait_time() <= 1.6);
	/* The watch goes on where it was. */
	assert_non_null(strstr(next_request(), "&resourceVersion=21"));
	assert_int_equal(status()->relists, 0);
	stop();
}

/* A broken proxy that ends each watch as it begins. */
static void
hot_loop(void **state)
{
	unsigned requests;

	(void)state;
	start();
	sync_two();
	requests = (unsigned)status()->requests;
	for (int64_t until = now.steady + 60 * SECOND; now.steady < until;) {
		(void)next_request();
		(void)answer(chunked("", false));
	}
	assert_true(status()->requests - requests < 12);
	/* With an event each time, once a second. */
	requests = (unsigned)status()->requests;
	for (int64_t until = now.steady + 60 * SECOND; now.steady < until;) {
		(void)next_request();
		(void)answer(chunked(EVENT("MODIFIED", "a", "21"), false));
	}
	assert_true(status()->requests - requests <= 62);
	stop();
}

/* After a restore of its storage a server may be behind what is known. */
static void
version_from_the_future(void **state)
{
	(void)state;
	start();
	sync_two();
	(void)next_request();
	(void)answer(chunked(ERROR(410), false));
	assert_non_null(strstr(next_request(), "&resourceVersion=20"));
	(void)answer(refusal(504, JSON_TYPE "Retry-After: 1\r\n",
		"{\"kind\":\"Status\",\"code\":504,\"message\":\"Too large resource version\",\"details\":{\"causes\":[{\"reason\":\"ResourceVersionTooLarge\"}]}}"));
	assert_null(strstr(next_request(), "resourceVersion="));
	pass(SECOND);
	(void)answer(chunked(EVENT("ADDED", "a", "5") MARK("6"), false));
	expect_pods("\"ua\":\"n/a 5\"");
	assert_non_null(strstr(next_request(), "&resourceVersion=6"));
	stop();
}

/* What no watch should have, and what must not stop it. */
static void
damaged_streams(void **state)
{
	static const char *const bad[] = { "{\n", "nonsense\n", "{\"type\":\"ADDED\"}\n", "{\"type\":\"ADDED\",\"object\":[]}\n", "{\"type\":7,\"object\":{}}\n", "{\"object\":{}}\n", "\"\n" };
	char *line;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		start();
		sync_two();
		(void)next_request();
		assert_int_equal(answer(chunked(bad[i], true)), DROPPED);
		expect_pods(TABLE_TWO);
		assert_string_not_equal(status()->error, "");
		assert_non_null(strstr(next_request(), "sendInitialEvents=true"));
		stop();
	}
	/* An object that the table does not take is passed over. */
	start();
	sync_two();
	(void)next_request();
	assert_int_equal(answer(chunked("{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"resourceVersion\":\"21\"}}}\n\n\r\n" EVENT("DELETED", "b", "22"), true)), OPEN);
	expect_pods("\"ua\":\"n/a 3\"");
	assert_string_equal(status()->error, "an object without a name");
	stop();
	/* A line without an end. */
	start();
	sync_two();
	(void)next_request();
	line = calloc(1, (9 << 20) + 200);
	assert_non_null(line);
	(void)snprintf(line, 200, JSON_HEAD "\r\n");
	memset(line + strlen(line), 'x', 9 << 20);
	assert_int_equal(answer_in_pieces(line, strlen(line), 65536), DROPPED);
	free(line);
	expect_pods(TABLE_TWO);
	assert_non_null(strstr(next_request(), "sendInitialEvents=true"));
	stop();
}

static void
other_errors_in_the_stream(void **state)
{
	(void)state;
	start();
	sync_two();
	(void)next_request();
	assert_int_equal(answer(chunked(EVENT("DELETED", "b", "22") ERROR(500), false)), DROPPED);
	assert_string_equal(status()->error, "the watch failed: 500 so it is");
	assert_true(wait_time() >= 0.8);
	assert_non_null(strstr(next_request(), "&resourceVersion=22"));
	assert_int_equal(status()->relists, 0);
	stop();
}

static void
targets(void **state)
{
	static const char *const paths[KUBE_KIND_COUNT] = {
		"/api/v1/pods?", "/api/v1/services?", "/apis/discovery.k8s.io/v1/endpointslices?", "/api/v1/nodes?", "/api/v1/namespaces?", "/apis/networking.k8s.io/v1/networkpolicies?",
	};

	(void)state;
	for (enum kube_kind k = 0; k < KUBE_KIND_COUNT; k++) {
		start_as(k, "node-a&b");
		assert_true(strncmp(next_request(), paths[k], strlen(paths[k])) == 0);
		assert_int_equal(strstr(kube_reflector_target(reflector), "&fieldSelector=spec.nodeName%3Dnode-a%26b") != NULL, k == KUBE_PODS);
		assert_int_equal(strstr(kube_reflector_target(reflector), "&fieldSelector=metadata.name%3Dnode-a%26b") != NULL, k == KUBE_NODES);
		stop();
	}
}

/* A server that has learnt initial events since is asked again, at a relist after an hour. */
static void
initial_events_again(void **state)
{
	(void)state;
	start();
	(void)next_request();
	(void)answer(refusal(422, JSON_TYPE, STATUS(422)));
	(void)next_request();
	(void)answer(chunked(PAGE("20", "", OBJECT("a", "3")), false));
	(void)next_request();
	pass(3700 * SECOND);
	(void)answer(chunked(ERROR(410), false));
	assert_non_null(strstr(next_request(), "sendInitialEvents"));
	stop();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(initial_events_then_watch), cmocka_unit_test(empty_set), cmocka_unit_test(any_pieces), cmocka_unit_test(any_chunks), cmocka_unit_test(cut_at_each_offset),
		cmocka_unit_test(fall_back_to_pages), cmocka_unit_test(no_end_mark), cmocka_unit_test(silence), cmocka_unit_test(endless_watch), cmocka_unit_test(gone), cmocka_unit_test(gone_after_outage), cmocka_unit_test(spread),
		cmocka_unit_test(gone_between_pages), cmocka_unit_test(cut_lists), cmocka_unit_test(no_list), cmocka_unit_test(refusals), cmocka_unit_test(unauthorized),
		cmocka_unit_test(back_off), cmocka_unit_test(hot_loop), cmocka_unit_test(version_from_the_future), cmocka_unit_test(damaged_streams),
		cmocka_unit_test(other_errors_in_the_stream), cmocka_unit_test(targets), cmocka_unit_test(initial_events_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
