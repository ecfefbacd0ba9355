/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inspection: who gets a flow, what it is shown, what becomes of it when memory, bytes or patience
 * end. The table of dissectors is this file's own: three of ours, and two that do as the bytes say.
 */
#include <config.h>

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sensor/inspection.h"

/*
 * "fake": lines of commands, each a word and a number. The client's first is FAKE, the server's
 * ANSW. What it is called with goes to a transcript: "C0 FAKE, S0 ANSW, ..." with stream offsets.
 */
static char transcript[20000];

static void
tell(const char *format, enum direction from, uint64_t offset, const char *word)
{
	size_t used = strlen(transcript);

	snprintf(transcript + used, sizeof(transcript) - used, format, from == FROM_CLIENT ? 'C' : 'S', (unsigned)offset, word);
}

static enum verdict
fake_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	const char *first = from == FROM_CLIENT ? "FAKE" : "ANSW";

	(void)flow;
	if (cursor_starts_with(&bytes, first)) {
		*strength = STRENGTH_SIGNATURE;
		return MATCH;
	}
	return cursor_may_start_with(&bytes, first) ? NEED_MORE : NO_MATCH;
}

struct fake_state {
	unsigned lines[2];
	uint8_t room[500];
};

static void
claim(struct dissection *d, enum direction from, enum strength strength)
{
	evidence_protocol(d->evidence, "fake", strength, "fake line", from, d->offset[from]);
	evidence_encryption(d->evidence, ENCRYPTION_PLAINTEXT, strength, "fake line", from, d->offset[from]);
	evidence_authentication(d->evidence, AUTH_SUCCESS, "fake-login", strength, "fake line", from, d->offset[from]);
}

/* Commands whose whole effect is a verdict. */
static const struct {
	const char *word;
	enum verdict verdict;
} fake_verdicts[] = {
	{ "FAKE", MATCH }, { "ANSW", MATCH }, { "disown", NO_MATCH }, { "done", DONE }, { "bad", MALFORMED }, { "cut", TRUNCATED }, { "up", UPGRADE }, { "tls", UPGRADE },
};

static enum verdict
fake_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct fake_state *state = d->state;
	struct cursor start = *bytes, line;
	char word[32];

	if (!cursor_take_line(bytes, &line))
		return NEED_MORE;
	cursor_copy_text(&line, word, sizeof(word));
	tell("%c%u %s, ", from, d->offset[from], word);
	state->lines[from]++;
	if (strcmp(word, "fact") == 0)
		claim(d, from, STRENGTH_STRUCTURE);
	/* Only taken for its own at first sight. */
	if (strcmp(word, "FAKE?") == 0) {
		claim(d, from, STRENGTH_SIGNATURE);
		*bytes = start;
		return NO_MATCH;
	}
	if (strncmp(word, "skip ", 5) == 0)
		d->skip = (size_t)atol(word + 5);
	if (strncmp(word, "need ", 5) == 0 && start.left < (size_t)atol(word + 5)) {
		*bytes = start;
		state->lines[from]--;
		d->need = (size_t)atol(word + 5);
		return NEED_MORE;
	}
	/* Whoever has said more waits for the other. */
	if (strcmp(word, "wait") == 0 && state->lines[1 - from] < state->lines[from]) {
		*bytes = start;
		state->lines[from]--;
		return NEED_MORE;
	}
	for (size_t i = 0; i < sizeof(fake_verdicts) / sizeof(fake_verdicts[0]); i++)
		if (strcmp(word, fake_verdicts[i].word) == 0) {
			d->next = strcmp(word, "tls") == 0 ? &tls_dissector : NULL;
			return fake_verdicts[i].verdict;
		}
	return MATCH;
}

static enum verdict
fake_gap(struct dissection *d, enum direction from, uint64_t size)
{
	char number[32];

	snprintf(number, sizeof(number), "gap %u", (unsigned)size);
	tell("%c%u %s, ", from, d->offset[from], number);
	return size == 13 ? NO_MATCH : MATCH;
}

static void
fake_finish(struct dissection *d)
{
	tell("%c%u %s, ", FROM_CLIENT, d->offset[FROM_CLIENT], "end");
}

static const struct dissector fake_dissector = {
	.name = "fake", .ip_protocol = IPPROTO_TCP, .hint_ports = { 7 }, .state_size = sizeof(struct fake_state),
	.probe = fake_probe, .dissect = fake_dissect, .gap = fake_gap, .finish = fake_finish,
};

/* "slow": rarely sure, without a word for gaps, and with a login that it calls none. */
static enum verdict
slow_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	(void)flow;
	(void)from;
	*strength = STRENGTH_SIGNATURE;
	if (cursor_starts_with(&bytes, "slowly") || cursor_starts_with(&bytes, "FAKE?\nslowly"))
		return MATCH;
	return cursor_peek(&bytes, 0) == 's' ? NEED_MORE : NO_MATCH;
}

static enum verdict
slow_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	evidence_protocol(d->evidence, "slow", STRENGTH_STRUCTURE, "slow", from, d->offset[from]);
	evidence_authentication(d->evidence, AUTH_NONE, NULL, STRENGTH_STRUCTURE, "slow", from, d->offset[from]);
	cursor_skip(bytes, bytes->left);
	return MATCH;
}

static const struct dissector slow_dissector = { .name = "slow", .ip_protocol = IPPROTO_TCP, .probe = slow_probe, .dissect = slow_dissect };

const struct dissector *const dissectors[] = {
	&fake_dissector, &slow_dissector, &tls_dissector, &http_dissector, &postgresql_dissector, &dns_dissector, NULL,
};

uint64_t
dissector_candidates(uint8_t ip_protocol, enum direction from, uint8_t first_byte)
{
	uint64_t bits = 0;

	(void)from;
	(void)first_byte;
	for (size_t i = 0; dissectors[i] != NULL; i++)
		bits |= (uint64_t)(dissectors[i]->ip_protocol == ip_protocol) << i;
	return bits;
}

/* A flow under inspection. */

static struct inspector_options options;
static struct inspector *inspector;
static struct flow flow;
static struct flow_record record;
static uint32_t next_sequence[2];
static uint64_t frame_number;
static char names[500];

static void
on_name(void *context, const struct name_record *n)
{
	char text[ADDRESS_TEXT_SIZE];
	size_t used = strlen(names);

	(void)context;
	snprintf(names + used, sizeof(names) - used, "%s %s %u %lld\n", n->name, address_text(&n->address, text), n->ttl, (long long)(n->time / 1000000000));
}

static const struct record_sink sink = { .name = on_name };

/* Side 0 is the server's port, 80 if nothing else is asked for; side 1 the client's. */
static void
begin_flow(uint8_t ip_protocol, bool handshake)
{
	flow = (struct flow){ .key = { .port = { 80, 40000 }, .ip_protocol = ip_protocol }, .client_side = 1, .direction_basis = DIRECTION_PORT };
	next_sequence[0] = next_sequence[1] = 0xfffffff0;
	if (handshake) {
		flow.direction_basis = DIRECTION_HANDSHAKE;
		flow.seen[1] = FLOW_SEEN_SYN;
		flow.seen[0] = FLOW_SEEN_SYN_ACK;
		flow.initial_sequence[0] = flow.initial_sequence[1] = 0xfffffff0 - 1;
	}
	transcript[0] = names[0] = '\0';
	frame_number = 0;
	record_init(&record);
}

static void
open_inspector(void)
{
	char error[200];

	inspector_free(inspector);
	inspector = inspector_new(&options, &sink, error, sizeof(error));
	assert_non_null(inspector);
}

static int
setup(void **state)
{
	(void)state;
	options = inspector_defaults;
	options.ndpi = NDPI_OFF;
	open_inspector();
	begin_flow(IPPROTO_TCP, true);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	inspector_free(inspector);
	inspector = NULL;
	return 0;
}

/* Bytes of which the last cut ones were not captured. */
static void
packet(unsigned side, const void *bytes, size_t size, size_t cut)
{
	struct frame frame = { .number = frame_number + 1, .file = 4, .time = INT64_C(1700000000000000000) };
	uint8_t *block = malloc(size - cut + (size == cut));
	struct packet p = {
		.frame = &frame,
		.ip_protocol = flow.key.ip_protocol,
		.sequence = next_sequence[side],
		.acknowledgement = next_sequence[1 - side],
		.tcp_flags = TCP_ACK,
		.payload = block,
		.payload_captured = (uint32_t)(size - cut),
		.payload_size = (uint32_t)size,
		.truncated = cut > 0,
		.ip_size = 1, /* of which nothing is there: never shown to nDPI */
	};

	assert_non_null(block);
	if (size > cut)
		memcpy(block, bytes, size - cut);
	frame_number++;
	if (inspection_wanted(&flow))
		inspection_packet(inspector, &flow, side, &p);
	free(block);
	next_sequence[side] += (uint32_t)size;
}

static void
client(const char *text)
{
	packet(1, text, strlen(text), 0);
}

static void
server(const char *text)
{
	packet(0, text, strlen(text), 0);
}

/* Bytes the capture lost. */
static void
lose(unsigned side, uint32_t size)
{
	next_sequence[side] += size;
}

static void
end_flow(void)
{
	inspection_end(inspector, &flow, &record);
	assert_null(flow.inspection);
	assert_true(record_valid(&record, record.size, NULL));
}

static void
assert_protocol(const char *expected)
{
	const char *protocol = record_text(&record, record.protocol);

	if (protocol == NULL || expected == NULL)
		assert_ptr_equal(protocol, expected);
	else
		assert_string_equal(protocol, expected);
}

static void
assert_notes(uint32_t expected)
{
	assert_int_equal(record.notes, expected);
}

static void
assert_nothing_said(void)
{
	assert_protocol(NULL);
	assert_int_equal(record.state, ENCRYPTION_UNKNOWN);
	assert_int_equal(record.auth_result, AUTH_UNKNOWN);
	assert_false(record.cleartext_credentials);
}

static void
test_found_on_any_port(void **state)
{
	(void)state;
	client("FAKE\nfact\n");
	server("ANSW\n");
	client("more\n");
	end_flow();
	assert_protocol("fake");
	assert_int_equal(record.state, ENCRYPTION_PLAINTEXT);
	assert_string_equal(record_text(&record, record.auth_method), "fake-login");
	assert_string_equal(transcript, "C0 FAKE, C5 fact, S0 ANSW, C10 more, C15 end, ");
	assert_int_equal(record.basis[CLAIM_PROTOCOL].packet, 1);
	assert_int_equal(record.basis[CLAIM_PROTOCOL].file, 4);
	assert_int_equal(record.basis[CLAIM_PROTOCOL].offset, 5);
	assert_int_equal(record.basis[CLAIM_PROTOCOL].direction, FROM_CLIENT);
	assert_notes(0);
}

static void
test_bytes_one_by_one(void **state)
{
	(void)state;
	for (const char *c = "FAKE\nskip 4\n....fact\n"; *c != '\0'; c++)
		packet(1, c, 1, 0);
	for (const char *c = "ANSW\nlast\n"; *c != '\0'; c++)
		packet(0, c, 1, 0);
	end_flow();
	assert_string_equal(transcript, "C0 FAKE, C5 skip 4, C16 fact, S0 ANSW, S5 last, C21 end, ");
	assert_int_equal(record.basis[CLAIM_PROTOCOL].packet, 21);
}

static void
test_segments_out_of_order(void **state)
{
	(void)state;
	lose(1, 5);
	client("fact\n");
	next_sequence[1] -= 10;
	client("FAKE\n");
	end_flow();
	assert_string_equal(transcript, "C0 FAKE, C5 fact, C10 end, ");
	/* Told to be where it was seen: the first packet. */
	assert_int_equal(record.basis[CLAIM_PROTOCOL].packet, 1);
	assert_notes(0);
}

static void
test_nobody_claims(void **state)
{
	(void)state;
	client("\x01\x02\x03nonsense");
	server("\xff\xfe");
	end_flow();
	assert_nothing_said();
	assert_string_equal(transcript, "");
	assert_notes(0);
}

static void
test_no_payload_no_inspection(void **state)
{
	(void)state;
	client("");
	server("");
	assert_null(flow.inspection);
	assert_true(inspection_wanted(&flow));
	inspection_end(inspector, &flow, &record);
	assert_nothing_said();
}

/* A handshake told the roles: what a server says as a client does not fit. */
static void
test_known_roles_are_kept(void **state)
{
	(void)state;
	server("FAKE\nfact\n");
	end_flow();
	assert_nothing_said();
	assert_int_equal(flow.client_side, 1);
	assert_int_equal(flow.direction_basis, DIRECTION_HANDSHAKE);
}

static void
test_unknown_roles_are_tried_both_ways(void **state)
{
	(void)state;
	begin_flow(IPPROTO_TCP, false);
	server("FAKE\nfact\n");
	assert_int_equal(flow.client_side, 0);
	assert_int_equal(flow.direction_basis, DIRECTION_EVIDENCE);
	client("ANSW\n");
	end_flow();
	assert_protocol("fake");
	assert_string_equal(transcript, "C0 FAKE, C5 fact, S0 ANSW, C10 end, ");
	assert_int_equal(record.basis[CLAIM_PROTOCOL].direction, FROM_CLIENT);
	assert_notes(1u << NOTE_MIDSTREAM);
	/* The same by the server's word. */
	begin_flow(IPPROTO_TCP, false);
	client("ANSW\n");
	assert_int_equal(flow.client_side, 0);
	server("FAKE\nfact\n");
	end_flow();
	assert_string_equal(transcript, "S0 ANSW, C0 FAKE, C5 fact, C10 end, ");
	/* And as the port had it. */
	begin_flow(IPPROTO_TCP, false);
	server("ANSW\n");
	assert_int_equal(flow.client_side, 1);
	assert_int_equal(flow.direction_basis, DIRECTION_EVIDENCE);
	end_flow();
}

/* Only the answering side could be recognised, and the client's bytes waited. */
static void
test_found_by_the_other_side(void **state)
{
	(void)state;
	client("FA");
	server("ANSW\n");
	client("KE\n");
	end_flow();
	assert_string_equal(transcript, "S0 ANSW, C0 FAKE, C5 end, ");
}

static void
test_disowned_flows_are_asked_about_again(void **state)
{
	(void)state;
	client("FAKE?\nslowly");
	end_flow();
	assert_string_equal(transcript, "C0 FAKE?, ");
	assert_protocol("slow");
	assert_int_equal(record.basis[CLAIM_PROTOCOL].offset, 0);
	/* Nothing stays of what the first one said. */
	assert_int_equal(record.state, ENCRYPTION_UNKNOWN);
	assert_int_equal(record.auth_result, AUTH_NONE);
	assert_null(record_text(&record, record.auth_method));
	assert_notes(0);
}

static void
test_disowned_and_nobody_else(void **state)
{
	(void)state;
	client("FAKE?\n\x01\x02");
	client("FAKE\n");
	end_flow();
	assert_nothing_said();
	assert_string_equal(transcript, "C0 FAKE?, ");
}

static void
test_disowned_after_facts_stays(void **state)
{
	(void)state;
	client("FAKE\nfact\ndisown\nGET / HTTP/1.1\r\n\r\n");
	end_flow();
	assert_protocol("fake");
	assert_int_equal(record.auth_result, AUTH_SUCCESS);
}

static void
test_verdicts_that_end(void **state)
{
	static const struct {
		const char *word;
		uint32_t notes;
	} cases[] = { { "done", 0 }, { "bad", 1u << NOTE_MALFORMED }, { "cut", 1u << NOTE_TRUNCATED } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[50];

		begin_flow(IPPROTO_TCP, true);
		snprintf(text, sizeof(text), "FAKE\nfact\n%s\nmore\n", cases[i].word);
		client(text);
		client("more\n");
		server("more\n");
		assert_false(inspection_wanted(&flow));
		end_flow();
		assert_protocol("fake");
		assert_notes(cases[i].notes);
		assert_null(strstr(transcript, "more"));
	}
}

static void
test_need_is_heeded(void **state)
{
	(void)state;
	client("FAKE\nneed 9\n");
	client(".");
	client("\n");
	server("ANSW\n");
	end_flow();
	/* Asked for more than there is at first, then once it is there. */
	assert_string_equal(transcript, "C0 FAKE, C5 need 9, C5 need 9, C12 ., S0 ANSW, C14 end, ");
}

/* A side that waits for the other is called when that one got on. */
static void
test_sides_in_turn(void **state)
{
	(void)state;
	server("ANSW\nwait\nlast\n");
	client("FAKE\nmore\n");
	end_flow();
	assert_string_equal(transcript, "S0 ANSW, S5 wait, C0 FAKE, S5 wait, C5 more, S5 wait, S10 last, C10 end, ");
}

static void
test_skipped_bytes_may_be_lost(void **state)
{
	(void)state;
	client("FAKE\nskip 1000\nabc");
	lose(1, 500);
	client("0123456789");
	lose(1, 487);
	client("fact\n");
	end_flow();
	assert_string_equal(transcript, "C0 FAKE, C5 skip 1000, C1015 fact, C1020 end, ");
	assert_notes(0);
}

/* What is to be skipped of one side becomes known in a packet of the other. */
static void
test_skip_told_by_the_other_side(void **state)
{
	(void)state;
	server("ANSW\nwait\nskip 100\n");
	client("FAKE\nmore\n");
	lose(0, 50);
	packet(0, "..................................................fact\n", 55, 0);
	end_flow();
	assert_notes(0);
	assert_string_equal(transcript, "S0 ANSW, S5 wait, C0 FAKE, S5 wait, C5 more, S5 wait, S10 skip 100, S119 fact, C10 end, ");
}

static void
test_gap_in_a_dissection(void **state)
{
	(void)state;
	client("FAKE\nhalf");
	lose(1, 6);
	client("fact\n");
	end_flow();
	assert_string_equal(transcript, "C0 FAKE, C15 gap 6, C15 fact, C20 end, ");
	assert_protocol("fake");
	assert_notes(1u << NOTE_GAP);
	/* One that cannot go on after it. */
	begin_flow(IPPROTO_TCP, true);
	client("FAKE\n");
	lose(1, 13);
	client("fact\n");
	end_flow();
	assert_nothing_said();
	assert_notes(1u << NOTE_GAP);
}

static void
test_gap_and_no_word_for_it(void **state)
{
	(void)state;
	client("slowly on");
	lose(1, 3);
	client("on");
	end_flow();
	assert_protocol("slow");
	assert_notes(1u << NOTE_GAP);
}

/* Bytes before and after a gap are not taken for neighbours. */
static void
test_gap_while_probing(void **state)
{
	(void)state;
	client("FA");
	lose(1, 7);
	client("KE\nfact\n");
	end_flow();
	assert_nothing_said();
	assert_string_equal(transcript, "");
	assert_notes(1u << NOTE_GAP);
	/* A beginning after a gap may still be recognised. */
	begin_flow(IPPROTO_TCP, true);
	client("FA");
	lose(1, 7);
	client("FAKE\nfact\n");
	end_flow();
	assert_protocol("fake");
	assert_string_equal(transcript, "C9 FAKE, C14 fact, C19 end, ");
}

static void
test_cut_by_the_capture(void **state)
{
	(void)state;
	packet(1, "FAKE\nfact\nhalf a line", 21, 4);
	client("fact\n");
	end_flow();
	assert_protocol("fake");
	assert_notes(1u << NOTE_TRUNCATED);
	assert_string_equal(transcript, "C0 FAKE, C5 fact, C21 gap 4, C21 fact, C26 end, ");
}

static void
test_probes_end(void **state)
{
	char text[1000];

	(void)state;
	memset(text, 's', sizeof(text));
	for (unsigned i = 0; i < 4; i++)
		packet(1, text, sizeof(text), 0);
	assert_true(inspection_wanted(&flow));
	packet(1, text, sizeof(text), 0);
	assert_false(inspection_wanted(&flow));
	end_flow();
	assert_nothing_said();
}

/* Nobody's protocol: the encryption verdict of a conversation, client and server in turn. */
static void
assert_unrecognised(const char *first, const char *second, enum encryption_state expected)
{
	begin_flow(flow.key.ip_protocol, true);
	client(first);
	server(second);
	client(first);
	end_flow();
	assert_protocol(NULL);
	assert_int_equal(record.state, expected);
	assert_int_equal(record.auth_result, AUTH_UNKNOWN);
	assert_notes(expected == ENCRYPTION_PLAINTEXT ? 1u << NOTE_READABLE_TEXT : 0);
}

static void
test_readable_text(void **state)
{
	static const char text[] = "set the lamp to 12, and tell me\n";
	static const uint8_t transports[] = { IPPROTO_TCP, IPPROTO_UDP };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		flow.key.ip_protocol = transports[i];
		assert_unrecognised(text, "", ENCRYPTION_PLAINTEXT);
		assert_int_equal(record.basis[CLAIM_ENCRYPTION].strength, STRENGTH_SIGNATURE);
		assert_int_equal(record.basis[CLAIM_ENCRYPTION].direction, FROM_CLIENT);
		assert_string_equal(record_text(&record, record.basis[CLAIM_ENCRYPTION].clause), "readable text");
		assert_int_equal(record.basis[CLAIM_ENCRYPTION].packet, 1);
		assert_unrecognised(text, "it is", ENCRYPTION_PLAINTEXT);
		assert_unrecognised("ok?", text, ENCRYPTION_PLAINTEXT);
		assert_int_equal(record.basis[CLAIM_ENCRYPTION].direction, FROM_SERVER);
		assert_int_equal(record.basis[CLAIM_ENCRYPTION].packet, 2);
		/* Too little; a greeting before something else; an answer that is none. */
		assert_unrecognised("lamp 12\n", "ok\n", ENCRYPTION_UNKNOWN);
		assert_unrecognised("greetings\n\1\2\3\4\5\6\7\x81\x82\x83\x84", text, ENCRYPTION_UNKNOWN);
		assert_unrecognised(text, "\1\2\3", ENCRYPTION_UNKNOWN);
	}
}

/* What a known protocol left unsaid is not filled in by its looks. */
static void
test_text_of_a_known_protocol(void **state)
{
	(void)state;
	client("FAKE\nsome words that nobody will ask about, and more\n");
	end_flow();
	assert_int_equal(record.state, ENCRYPTION_UNKNOWN);
	assert_notes(0);
}

/* Bytes that a dissector was still waiting for more of. */
static void
test_text_too_short_for_probes(void **state)
{
	(void)state;
	client("so many of these words begin with the same letter\n");
	end_flow();
	assert_int_equal(record.state, ENCRYPTION_PLAINTEXT);
}

static void
test_budget(void **state)
{
	(void)state;
	options.budget = 20;
	open_inspector();
	/* All of it and no more. */
	client("FAKE\nfact\n0123456789");
	end_flow();
	assert_notes(0);
	assert_protocol("fake");
	/* One byte more, in one piece and in two. */
	begin_flow(IPPROTO_TCP, true);
	client("FAKE\nfact\n0123456789\n");
	end_flow();
	assert_notes(1u << NOTE_BUDGET);
	assert_protocol("fake");
	assert_string_equal(transcript, "C0 FAKE, C5 fact, C10 end, ");
	begin_flow(IPPROTO_TCP, true);
	client("FAKE\nfact\n0123456789");
	client("\n");
	/* The other side is still looked at. */
	server("ANSW\n");
	assert_true(inspection_wanted(&flow));
	server("0123456789012345678901234567890");
	server("x");
	assert_false(inspection_wanted(&flow));
	end_flow();
	assert_notes(1u << NOTE_BUDGET);
	assert_string_equal(transcript, "C0 FAKE, C5 fact, S0 ANSW, ");
}

static void
test_skipped_bytes_are_free(void **state)
{
	(void)state;
	options.budget = 40;
	open_inspector();
	client("FAKE\nskip 1000\n");
	for (unsigned i = 0; i < 100; i++)
		client("0123456789");
	client("fact\n");
	end_flow();
	assert_notes(0);
	assert_protocol("fake");
}

/* Many tiny messages in one piece end somewhere. */
static void
test_turns_end(void **state)
{
	static char text[30000];

	(void)state;
	memcpy(text, "FAKE\nfact\n", 10);
	for (size_t i = 10; i < sizeof(text); i += 2)
		memcpy(text + i, "x\n", 2);
	packet(1, text, sizeof(text), 0);
	assert_false(inspection_wanted(&flow));
	end_flow();
	assert_protocol("fake");
	assert_notes(1u << NOTE_BUDGET);
}

static void
test_midstream(void **state)
{
	(void)state;
	begin_flow(IPPROTO_TCP, false);
	client("body of something\n");
	server("more of it\n");
	end_flow();
	assert_nothing_said();
	assert_notes(1u << NOTE_MIDSTREAM);
}

/* Upgrades. */

static size_t
put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
	return 2;
}

/* A TLS 1.2 hello (RFC 5246 7.4.1) with one cipher suite, in a record: type 1 the client's, 2 the server's. */
static size_t
hello(uint8_t *out, uint8_t type)
{
	static const uint8_t client_end[] = { 0, 2, 0xc0, 0x2f, 1, 0 }, server_end[] = { 0xc0, 0x2f, 0 };
	size_t size = 9, end = type == 1 ? sizeof(client_end) : sizeof(server_end);

	size += put16(out + size, 0x0303);
	memset(out + size, 0x5a, 32);
	size += 32;
	out[size++] = 0;
	memcpy(out + size, type == 1 ? client_end : server_end, end);
	size += end;
	out[0] = 22;
	put16(out + 1, 0x0301);
	put16(out + 3, (unsigned)size - 5);
	out[5] = type;
	out[6] = 0;
	put16(out + 7, (unsigned)size - 9);
	return size;
}

static void
shake_hands(void)
{
	uint8_t bytes[100];

	packet(1, bytes, hello(bytes, 1), 0);
	packet(0, bytes, hello(bytes, 2), 0);
}

static void
assert_tls_inside(const char *protocol)
{
	assert_protocol(protocol);
	assert_string_equal(record_text(&record, record.by), "tls");
	assert_string_equal(record_text(&record, record.tls_version), "TLS1.2");
	assert_string_equal(record_text(&record, record.cipher), "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
}

static void
test_tls_on_any_port(void **state)
{
	(void)state;
	shake_hands();
	end_flow();
	assert_tls_inside("tls");
	assert_int_equal(record.state, ENCRYPTION_ENCRYPTED);
}

static void
test_upgrade_to_tls(void **state)
{
	(void)state;
	client("FAKE\nfact\n");
	server("tls\n");
	shake_hands();
	end_flow();
	assert_tls_inside("fake");
	assert_string_equal(transcript, "C0 FAKE, C5 fact, S0 tls, ");
	assert_int_equal(record.basis[CLAIM_PROTOCOL].packet, 1);
}

/* Asked for by the server, whoever's bytes follow; the carrier keeps its name. */
static void
test_upgrade_to_whoever_follows(void **state)
{
	(void)state;
	client("FAKE\nfact\n");
	server("up\n");
	client("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	end_flow();
	assert_protocol("fake");
	assert_string_equal(record.basis[CLAIM_PROTOCOL].clause ? record_text(&record, record.basis[CLAIM_PROTOCOL].clause) : "", "fake line");
	assert_int_equal(record.state, ENCRYPTION_PLAINTEXT);
	begin_flow(IPPROTO_TCP, true);
	client("FAKE\nfact\n");
	server("up\n");
	shake_hands();
	end_flow();
	assert_tls_inside("fake");
}

static void
test_upgrade_to_nobody(void **state)
{
	(void)state;
	client("FAKE\nfact\n");
	server("up\n");
	client("\x01\x02\x03");
	end_flow();
	assert_protocol("fake");
	/* The beginning was readable; how the rest is protected nobody can tell. */
	assert_int_equal(record.state, ENCRYPTION_UNKNOWN);
}

static void
test_postgresql_upgrades(void **state)
{
	(void)state;
	/* SSLRequest, "S" (PostgreSQL protocol 3.0, 55.2.10). */
	packet(1, "\0\0\0\x08\x04\xd2\x16\x2f", 8, 0);
	server("S");
	shake_hands();
	end_flow();
	assert_tls_inside("postgresql");
	assert_int_equal(record.state, ENCRYPTION_UPGRADED);
	assert_int_equal(record.auth_result, AUTH_UNKNOWN);
}

static void
test_tls_through_a_proxy(void **state)
{
	(void)state;
	client("CONNECT shop.example:443 HTTP/1.1\r\nHost: shop.example:443\r\n\r\n");
	server("HTTP/1.1 200 Connection established\r\n\r\n");
	shake_hands();
	end_flow();
	assert_tls_inside("http");
}

/* Datagrams. */

static const char question[] = "\x12\x34\x01\0\0\1\0\0\0\0\0\0\3api\4shop\3svc\0\0\1\0\1";
static const char reply[] = "\x12\x34\x81\x80\0\1\0\1\0\0\0\0\3api\4shop\3svc\0\0\1\0\1\xc0\x0c\0\1\0\1\0\0\0\x1e\0\4\x0a\0\0\5";

static void
test_datagrams(void **state)
{
	(void)state;
	begin_flow(IPPROTO_UDP, false);
	packet(1, question, sizeof(question) - 1, 0);
	packet(0, reply, sizeof(reply) - 1, 0);
	packet(1, question, sizeof(question) - 1, 0);
	end_flow();
	assert_protocol("dns");
	assert_int_equal(record.state, ENCRYPTION_PLAINTEXT);
	assert_string_equal(names, "api.shop.svc 10.0.0.5 30 1700000000\n");
	assert_notes(0);
	assert_int_equal(record.basis[CLAIM_PROTOCOL].packet > 0, true);
}

static void
test_datagrams_are_not_put_together(void **state)
{
	(void)state;
	begin_flow(IPPROTO_UDP, false);
	packet(1, question, 20, 0);
	packet(1, question + 20, sizeof(question) - 21, 0);
	end_flow();
	assert_nothing_said();
}

/* A datagram that nobody knows, first of either side, leaves the next ones their chance; not for ever. */
static void
test_datagrams_after_odd_ones(void **state)
{
	(void)state;
	begin_flow(IPPROTO_UDP, false);
	packet(1, "odd", 3, 0);
	packet(0, "odd", 3, 0);
	packet(1, question, sizeof(question) - 1, 0);
	packet(0, reply, sizeof(reply) - 1, 0);
	end_flow();
	assert_protocol("dns");
	assert_int_equal(record.basis[CLAIM_PROTOCOL].packet, 4);
	begin_flow(IPPROTO_UDP, false);
	for (unsigned i = 0; i < 8; i++) {
		assert_true(i == 0 || inspection_wanted(&flow));
		packet(1, "odd", 3, 0);
	}
	assert_false(inspection_wanted(&flow));
	packet(1, question, sizeof(question) - 1, 0);
	end_flow();
	assert_nothing_said();
}

static void
test_datagrams_cut_by_the_capture(void **state)
{
	(void)state;
	begin_flow(IPPROTO_UDP, false);
	packet(1, question, sizeof(question) - 1, 3);
	end_flow();
	assert_nothing_said();
	assert_notes(1u << NOTE_TRUNCATED);
}

static void
test_datagrams_budget(void **state)
{
	(void)state;
	options.budget = 100;
	open_inspector();
	begin_flow(IPPROTO_UDP, false);
	for (unsigned i = 0; i < 3; i++)
		packet(1, question, sizeof(question) - 1, 0);
	assert_true(inspection_wanted(&flow));
	for (unsigned i = 0; i < 3; i++)
		packet(1, question, sizeof(question) - 1, 0);
	assert_false(inspection_wanted(&flow));
	end_flow();
	assert_protocol("dns");
	assert_notes(1u << NOTE_BUDGET);
}

/* Memory. */

static void
test_all_inspections_in_use(void **state)
{
	struct flow first;

	(void)state;
	options.max_inspections = 1;
	open_inspector();
	client("FAKE\nfact\n");
	first = flow;
	begin_flow(IPPROTO_TCP, true);
	client("FAKE\nfact\n");
	assert_null(flow.inspection);
	assert_false(inspection_wanted(&flow));
	assert_int_equal(flow.notes, 1u << NOTE_NO_MEMORY);
	assert_int_equal(inspector_counters(inspector)->refused, 1);
	end_flow();
	assert_nothing_said();
	flow = first;
	end_flow();
	assert_protocol("fake");
	/* There is room again. */
	begin_flow(IPPROTO_TCP, true);
	client("FAKE\nfact\n");
	end_flow();
	assert_protocol("fake");
	assert_notes(0);
}

/* With every small size of memory the verdict is right or there is none, and the note says why. */
static void
test_no_memory_for_buffers(void **state)
{
	unsigned unknown = 0;

	(void)state;
	for (size_t memory = 256; memory <= 4096; memory += 256) {
		options.buffer_memory = memory;
		open_inspector();
		for (unsigned round = 0; round < 20; round++) {
			char line[400] = "";

			begin_flow(IPPROTO_TCP, true);
			memset(line, '.', 250);
			client("FA");
			client("KE\n");
			client(line);
			client("\nfact\n");
			lose(0, 10);
			server("out of order");
			server(line);
			end_flow();
			if (record.protocol == 0) {
				assert_nothing_said();
				assert_true((record.notes & 1u << NOTE_NO_MEMORY) != 0);
				unknown++;
			} else {
				assert_protocol("fake");
			}
		}
		/* Whatever was refused, all of it was given back: it never gets worse. */
		assert_int_equal(unknown % 20, 0);
	}
	assert_true(unknown > 0 && unknown < 200);
	assert_true(inspector_counters(inspector)->no_memory == 0);
}

static void
test_no_memory_is_counted(void **state)
{
	(void)state;
	options.buffer_memory = 256;
	open_inspector();
	client("FAKE\nfact\n");
	end_flow();
	assert_nothing_said();
	assert_notes(1u << NOTE_NO_MEMORY);
	assert_int_equal(inspector_counters(inspector)->no_memory, 1);
}

/* Labels: where nDPI was left out none can be demanded. */
static void
test_labels_without_ndpi(void **state)
{
	char error[200] = "";
	struct inspector *in;

	(void)state;
	options.ndpi = NDPI_ALWAYS;
	in = inspector_new(&options, &sink, error, sizeof(error));
	if (strcmp(classifier_version(), "none") == 0) {
		assert_null(in);
		assert_true(error[0] != '\0');
	} else {
		assert_non_null(in);
	}
	inspector_free(in);
	options.ndpi = NDPI_FALLBACK;
	open_inspector();
	client("\x01\x02\x03nonsense");
	server("nonsense");
	end_flow();
	assert_nothing_said();
	assert_null(record_text(&record, record.ndpi_application));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_found_on_any_port),
		TEST(test_bytes_one_by_one),
		TEST(test_segments_out_of_order),
		TEST(test_nobody_claims),
		TEST(test_no_payload_no_inspection),
		TEST(test_known_roles_are_kept),
		TEST(test_unknown_roles_are_tried_both_ways),
		TEST(test_found_by_the_other_side),
		TEST(test_disowned_flows_are_asked_about_again),
		TEST(test_disowned_and_nobody_else),
		TEST(test_disowned_after_facts_stays),
		TEST(test_verdicts_that_end),
		TEST(test_need_is_heeded),
		TEST(test_sides_in_turn),
		TEST(test_skipped_bytes_may_be_lost),
		TEST(test_skip_told_by_the_other_side),
		TEST(test_gap_in_a_dissection),
		TEST(test_gap_and_no_word_for_it),
		TEST(test_gap_while_probing),
		TEST(test_cut_by_the_capture),
		TEST(test_probes_end),
		TEST(test_readable_text),
		TEST(test_text_of_a_known_protocol),
		TEST(test_text_too_short_for_probes),
		TEST(test_budget),
		TEST(test_skipped_bytes_are_free),
		TEST(test_turns_end),
		TEST(test_midstream),
		TEST(test_tls_on_any_port),
		TEST(test_upgrade_to_tls),
		TEST(test_upgrade_to_whoever_follows),
		TEST(test_upgrade_to_nobody),
		TEST(test_postgresql_upgrades),
		TEST(test_tls_through_a_proxy),
		TEST(test_datagrams),
		TEST(test_datagrams_are_not_put_together),
		TEST(test_datagrams_after_odd_ones),
		TEST(test_datagrams_cut_by_the_capture),
		TEST(test_datagrams_budget),
		TEST(test_all_inspections_in_use),
		TEST(test_no_memory_for_buffers),
		TEST(test_no_memory_is_counted),
		TEST(test_labels_without_ndpi),
	};

	return cmocka_run_group_tests_name("sensor/inspection", tests, NULL, NULL);
}
