/* SPDX-License-Identifier: Apache-2.0 */
/* Messages: what each side may say, a stream in pieces of any size, damaged ones, and a writer that waits. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sensor/messages.h"
#include "sensor/report.h"

static union message_body body;
static struct message_reader *reader;
static int ends[2]; /* reading (non-blocking), writing */

static int
set_up(void **state)
{
	(void)state;
	reader = calloc(1, sizeof(*reader));
	signal(SIGPIPE, SIG_IGN);
	memset(&body, 0, sizeof(body));
	return reader == NULL || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0;
}

static int
tear_down(void **state)
{
	(void)state;
	message_reader_clear(reader);
	free(reader);
	close(ends[0]);
	if (ends[1] >= 0)
		close(ends[1]);
	return 0;
}

static size_t
make_flow(void)
{
	record_init(&body.flow);
	body.flow.protocol = record_add_text(&body.flow, "http");
	return body.flow.size;
}

static size_t
make_counters(uint32_t count)
{
	memset(&body.live, 0, sizeof(body.live));
	body.live.interface_count = count;
	for (uint32_t i = 0; i < count; i++)
		body.live.interfaces[i] = (struct live_interface){ .slot = (uint16_t)i, .packets = i };
	return live_counters_size(&body.live);
}

static void
make_plan(uint32_t count)
{
	memset(&body.plan, 0, sizeof(body.plan));
	body.plan.count = count;
	for (uint32_t i = 0; i < count; i++) {
		body.plan.entries[i] = (struct plan_entry){ .ifindex = i + 1, .slot = (uint16_t)i, .directions = PLAN_IN };
		snprintf(body.plan.entries[i].name, IFNAMSIZ, "veth%u", i % 10000);
	}
}

static bool
accepted(enum message_source source, enum message_type type, size_t size)
{
	const char *why = "?";
	bool good = messages_check(source, (uint32_t)type, &body, size, &why);

	assert_int_equal(good, why == NULL);
	return good;
}

/* Who may say what. */
static void
test_sources(void **state)
{
	size_t size = make_flow();

	(void)state;
	assert_true(accepted(MESSAGES_OF_JOB, MESSAGE_FLOW, size));
	assert_true(accepted(MESSAGES_OF_WORKER, MESSAGE_FLOW, size));
	assert_false(accepted(MESSAGES_OF_SUPERVISOR, MESSAGE_FLOW, size));
	memset(&body, 0, sizeof(body));
	assert_true(accepted(MESSAGES_OF_JOB, MESSAGE_FILE, sizeof(body.file)));
	assert_false(accepted(MESSAGES_OF_WORKER, MESSAGE_FILE, sizeof(body.file)));
	assert_true(accepted(MESSAGES_OF_WORKER, MESSAGE_READY, 0));
	assert_false(accepted(MESSAGES_OF_JOB, MESSAGE_READY, 0));
	assert_true(accepted(MESSAGES_OF_SUPERVISOR, MESSAGE_STOP, 0));
	assert_false(accepted(MESSAGES_OF_WORKER, MESSAGE_STOP, 0));
	assert_true(accepted(MESSAGES_OF_SUPERVISOR, MESSAGE_PLAN, sizeof(body.plan)));
	assert_false(accepted(MESSAGES_OF_WORKER, MESSAGE_PLAN, sizeof(body.plan)));
	assert_false(accepted(MESSAGES_OF_WORKER, (enum message_type)0, 0));
	assert_false(accepted(MESSAGES_OF_WORKER, MESSAGE_TYPE_COUNT, 0));
	assert_false(accepted(MESSAGES_OF_WORKER, (enum message_type)UINT32_MAX, 0));
}

static void
test_sizes(void **state)
{
	size_t size = make_flow();

	(void)state;
	assert_false(accepted(MESSAGES_OF_WORKER, MESSAGE_FLOW, size - 1));
	assert_false(accepted(MESSAGES_OF_WORKER, MESSAGE_FLOW, size + 1));
	assert_false(accepted(MESSAGES_OF_WORKER, MESSAGE_FLOW, 0));
	assert_false(accepted(MESSAGES_OF_WORKER, MESSAGE_FLOW, sizeof(body)));
	assert_false(accepted(MESSAGES_OF_WORKER, MESSAGE_READY, 1));
	memset(&body, 0, sizeof(body));
	assert_true(accepted(MESSAGES_OF_JOB, MESSAGE_COUNTERS, sizeof(struct worker_counters)));
	assert_false(accepted(MESSAGES_OF_JOB, MESSAGE_COUNTERS, sizeof(struct worker_counters) + 8));
	assert_false(accepted(MESSAGES_OF_JOB, MESSAGE_NAME, sizeof(struct name_record) - 1));
	size = make_counters(3);
	assert_true(accepted(MESSAGES_OF_WORKER, MESSAGE_COUNTERS, size));
	assert_false(accepted(MESSAGES_OF_WORKER, MESSAGE_COUNTERS, size + sizeof(struct live_interface)));
	assert_false(accepted(MESSAGES_OF_WORKER, MESSAGE_COUNTERS, size - 1));
	assert_true(accepted(MESSAGES_OF_WORKER, MESSAGE_COUNTERS, make_counters(0)));
	assert_true(accepted(MESSAGES_OF_WORKER, MESSAGE_COUNTERS, make_counters(LIVE_INTERFACES_MAX)));
	body.live.interface_count = UINT32_MAX;
	assert_false(accepted(MESSAGES_OF_WORKER, MESSAGE_COUNTERS, sizeof(body.live)));
}

static void
test_values(void **state)
{
	size_t size = make_flow();

	(void)state;
	body.flow.file = SLOTS_MAX;
	assert_false(accepted(MESSAGES_OF_WORKER, MESSAGE_FLOW, size));
	assert_true(accepted(MESSAGES_OF_JOB, MESSAGE_FLOW, size)); /* who reads it knows its files */
	body.flow.end = FLOW_END_COUNT;
	assert_false(accepted(MESSAGES_OF_JOB, MESSAGE_FLOW, size));
	memset(&body, 0, sizeof(body));
	strcpy(body.name.name, "api.example");
	assert_true(accepted(MESSAGES_OF_WORKER, MESSAGE_NAME, sizeof(body.name)));
	strcpy(body.name.name, "api\nexample");
	assert_false(accepted(MESSAGES_OF_WORKER, MESSAGE_NAME, sizeof(body.name)));
	memset(body.name.name, 'a', sizeof(body.name.name));
	assert_false(accepted(MESSAGES_OF_WORKER, MESSAGE_NAME, sizeof(body.name)));
	memset(&body, 0, sizeof(body));
	body.file.state = FILE_UNREADABLE + 1;
	assert_false(accepted(MESSAGES_OF_JOB, MESSAGE_FILE, sizeof(body.file)));
	body.file.state = FILE_UNREADABLE;
	memset(body.file.error, 'a', sizeof(body.file.error));
	assert_false(accepted(MESSAGES_OF_JOB, MESSAGE_FILE, sizeof(body.file)));
	size = make_counters(2);
	body.live.interfaces[1].slot = SLOTS_MAX;
	assert_false(accepted(MESSAGES_OF_WORKER, MESSAGE_COUNTERS, size));
}

static void
test_plans(void **state)
{
	(void)state;
	make_plan(PLAN_MAX);
	assert_true(accepted(MESSAGES_OF_SUPERVISOR, MESSAGE_PLAN, sizeof(body.plan)));
	body.plan.count = PLAN_MAX + 1;
	assert_false(accepted(MESSAGES_OF_SUPERVISOR, MESSAGE_PLAN, sizeof(body.plan)));
	make_plan(2);
	memset(body.plan.entries[1].name, 'a', IFNAMSIZ);
	assert_false(accepted(MESSAGES_OF_SUPERVISOR, MESSAGE_PLAN, sizeof(body.plan)));
	make_plan(2);
	body.plan.entries[1].directions = 0;
	assert_false(accepted(MESSAGES_OF_SUPERVISOR, MESSAGE_PLAN, sizeof(body.plan)));
	make_plan(2);
	assert_false(accepted(MESSAGES_OF_SUPERVISOR, MESSAGE_PLAN, sizeof(body.plan) - sizeof(struct plan_entry)));
}

/* Some messages as bytes of a stream: a flow, a name, counters, and that all is ready. */
static size_t
make_stream(uint8_t *bytes, size_t room)
{
	struct message_writer w;
	size_t size = make_flow();

	message_writer_init(&w, -1);
	message_writer_put(&w, MESSAGE_FLOW, &body, size);
	memset(&body, 0, sizeof(body));
	strcpy(body.name.name, "db.example");
	message_writer_put(&w, MESSAGE_NAME, &body, sizeof(body.name));
	message_writer_put(&w, MESSAGE_COUNTERS, &body, make_counters(5));
	message_writer_put(&w, MESSAGE_READY, NULL, 0);
	assert_true(w.used <= room);
	size = w.used;
	memcpy(bytes, w.bytes, size);
	message_writer_clear(&w);
	return size;
}

static void
check_message(unsigned number)
{
	static const uint32_t types[] = { MESSAGE_FLOW, MESSAGE_NAME, MESSAGE_COUNTERS, MESSAGE_READY };

	assert_int_equal(reader->header.type, types[number]);
	if (number == 0)
		assert_string_equal(record_text(&reader->body.flow, reader->body.flow.protocol), "http");
	if (number == 1)
		assert_string_equal(reader->body.name.name, "db.example");
	if (number == 2)
		assert_int_equal(reader->body.live.interface_count, 5);
}

/* Whatever the pieces, the same messages. */
static void
test_pieces(void **state)
{
	uint8_t bytes[8192];
	size_t size = make_stream(bytes, sizeof(bytes));

	(void)state;
	for (size_t piece = 1; piece < size; piece = piece < 16 ? piece + 1 : piece * 3) {
		unsigned count = 0;

		message_reader_init(reader, MESSAGES_OF_WORKER);
		assert_int_equal(message_reader_next(reader, ends[0]), MESSAGE_WAIT);
		for (size_t at = 0; at < size; at += piece) {
			size_t part = size - at < piece ? size - at : piece;
			enum message_result result;

			assert_int_equal(write(ends[1], bytes + at, part), part);
			while ((result = message_reader_next(reader, ends[0])) == MESSAGE_WHOLE)
				check_message(count++);
			assert_int_equal(result, MESSAGE_WAIT);
		}
		assert_int_equal(count, 4);
		message_reader_clear(reader);
	}
}

/* All at hand after one read. */
static void
test_pending(void **state)
{
	uint8_t bytes[8192];
	size_t size = make_stream(bytes, sizeof(bytes));

	(void)state;
	message_reader_init(reader, MESSAGES_OF_WORKER);
	assert_int_equal(write(ends[1], bytes, size), size);
	assert_int_equal(message_reader_next(reader, ends[0]), MESSAGE_WHOLE);
	check_message(0);
	for (unsigned i = 1; i < 4; i++) {
		assert_int_equal(message_reader_pending(reader), MESSAGE_WHOLE);
		check_message(i);
	}
	assert_int_equal(message_reader_pending(reader), MESSAGE_WAIT);
	close(ends[1]);
	ends[1] = -1;
	assert_int_equal(message_reader_next(reader, ends[0]), MESSAGE_END);
	assert_int_equal(message_reader_next(reader, ends[0]), MESSAGE_END);
}

/* A stream cut at any byte ends there: between two messages it is an end, else it is damage. */
static void
test_cut(void **state)
{
	uint8_t bytes[8192];
	size_t size = make_stream(bytes, sizeof(bytes));
	unsigned clean_ends = 0;

	(void)state;
	for (size_t cut = 0; cut <= size; cut += cut > 64 && cut + 64 < size ? 7 : 1) {
		enum message_result result;
		int fds[2];

		assert_int_equal(pipe(fds), 0);
		message_reader_init(reader, MESSAGES_OF_WORKER);
		assert_int_equal(write(fds[1], bytes, cut), cut);
		close(fds[1]);
		while ((result = message_reader_next(reader, fds[0])) == MESSAGE_WHOLE || result == MESSAGE_WAIT)
			continue;
		assert_true(result == MESSAGE_END || (result == MESSAGE_MALFORMED && reader->why != NULL));
		clean_ends += result == MESSAGE_END;
		message_reader_clear(reader);
		close(fds[0]);
	}
	assert_in_range(clean_ends, 3, 5); /* 0, the two last, and what the steps met */
}

/* A header that no body can mend is refused at once, and for good. */
static void
test_malformed(void **state)
{
	static const struct message_header headers[] = {
		{ 0, 0 }, { MESSAGE_PLAN, sizeof(struct capture_plan) }, { MESSAGE_FLOW, UINT32_MAX }, { MESSAGE_FLOW, 1 },
		{ MESSAGE_COUNTERS, sizeof(struct worker_counters) - 1 }, { 0xffffffff, 0xffffffff },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		message_reader_init(reader, MESSAGES_OF_WORKER);
		assert_int_equal(write(ends[1], &headers[i], sizeof(headers[i])), sizeof(headers[i]));
		assert_int_equal(message_reader_next(reader, ends[0]), MESSAGE_MALFORMED);
		assert_non_null(reader->why);
		assert_int_equal(message_reader_next(reader, ends[0]), MESSAGE_MALFORMED);
		message_reader_clear(reader);
	}
}

/* A reader that is slow makes the writer wait; nothing is lost. The writer ends with its reader. */
static void
test_back_pressure(void **state)
{
	enum { FLOWS = 3000 };
	int status = 0, small = 4096;
	unsigned got = 0;
	pid_t pid;

	(void)state;
	setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	fcntl(ends[0], F_SETFL, 0);
	if ((pid = fork()) == 0) {
		struct message_writer w;
		struct record_sink sink;

		close(ends[0]);
		message_writer_init(&w, ends[1]);
		sink = message_writer_sink(&w);
		make_flow();
		for (unsigned i = 0; i < FLOWS; i++) {
			body.flow.flow_id = i;
			sink.flow(sink.context, &body.flow);
		}
		message_writer_flush(&w);
		_exit(7);
	}
	close(ends[1]);
	ends[1] = -1;
	message_reader_init(reader, MESSAGES_OF_WORKER);
	for (;;) {
		enum message_result result = message_reader_next(reader, ends[0]);

		if (result == MESSAGE_WAIT)
			continue;
		if (result != MESSAGE_WHOLE)
			break;
		assert_int_equal(reader->body.flow.flow_id, got++);
	}
	assert_int_equal(got, FLOWS);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 7);
}

static void
test_reader_gone(void **state)
{
	int status = 0;
	pid_t pid;

	(void)state;
	if ((pid = fork()) == 0) {
		struct message_writer w;

		close(ends[0]);
		message_writer_init(&w, ends[1]);
		for (;;)
			message_writer_put(&w, MESSAGE_FLOW, &body, make_flow());
	}
	close(ends[1]);
	ends[1] = -1;
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
	ends[0] = open("/dev/null", O_RDONLY);
}

/* The seeds of the fuzz target are images of today's structures: what is refused at its first byte leads to nothing. */
static void
test_seeds(void **state)
{
	static const struct {
		const char *name;
		unsigned messages;
	} seeds[] = { { "job", 3 }, { "worker", 5 }, { "supervisor", 2 } };
	const char *source = getenv("PODWIRE_SOURCE");
	static struct message_reader own;
	char path[4096];

	(void)state;
	if (source == NULL || _Alignof(struct { uint64_t member; }) != 8 || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
		skip(); /* run outside of make check, or where structures are laid out otherwise */
	for (size_t i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++) {
		enum message_result result;
		unsigned messages = 0;
		uint8_t from;
		int fd;

		(void)snprintf(path, sizeof(path), "%s/tests/fuzz/seeds/messages/%s", source, seeds[i].name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		assert_true(fd >= 0);
		assert_int_equal(read(fd, &from, 1), 1);
		message_reader_init(&own, (enum message_source)(from % MESSAGE_SOURCE_COUNT));
		while ((result = message_reader_next(&own, fd)) == MESSAGE_WHOLE)
			messages++;
		assert_int_equal(result, MESSAGE_END);
		assert_int_equal(messages, seeds[i].messages);
		message_reader_clear(&own);
		(void)close(fd);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sources, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_sizes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_values, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_plans, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_pieces, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_pending, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_cut, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_malformed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_back_pressure, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_reader_gone, set_up, tear_down),
		cmocka_unit_test(test_seeds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
