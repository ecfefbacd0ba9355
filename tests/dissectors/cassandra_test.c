/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CQL conversations, written from the specifications of the native protocol: each version, logins and
 * their outcomes, frames with checksums, compression, losses, and what CQL must not be taken for.
 */
#include <config.h>

#include "buffer.h"
#include "dissectors/cassandra_frame.h"
#include "dissectors/lz4.h"
#include "scenario.h"

static void
put_number(struct buffer *b, uint64_t value, unsigned size, bool little)
{
	for (unsigned i = 0; i < size; i++) {
		uint8_t byte = (uint8_t)(value >> 8 * (little ? i : size - 1 - i));

		put(b, &byte, 1);
	}
}

/* A body: text in which ^n is a byte n, `n two bytes, ~n four; numbers in decimal, ended by a space. */
static void
put_body(struct buffer *b, const char *text)
{
	while (*text != '\0') {
		unsigned size = *text == '^' ? 1 : *text == '`' ? 2 : *text == '~' ? 4 : 0;
		char *end;

		if (size == 0) {
			put(b, text++, 1);
			continue;
		}
		put_number(b, (uint64_t)strtol(text + 1, &end, 10), size, false);
		text = *end == ' ' ? end + 1 : end;
	}
}

/*
 * A step: the version as a digit ('A' for DSE's second), then how it travels (letters below), a
 * stream as a digit, an opcode as a letter, and the body.
 */
enum { PLAIN = ' ', LZ4 = 'z', SNAPPY = 's', FRAME = 'f', FRAME_LZ4 = 'F', EXTRAS = 'x', BETA = 'b', PARTS = 'p' };

static const char opcodes[] = "EUDACOSQRPXGVBLKM";

static void
put_envelope(struct buffer *b, const char *step)
{
	static struct buffer body, packed;
	uint8_t version = step[0] == 'A' ? 0x42 : (uint8_t)(step[0] - '0'), opcode = (uint8_t)(strchr(opcodes, step[3]) - opcodes);
	bool by_server = strchr("EDASRVLM", step[3]) != NULL;
	struct buffer *whole = &body;

	body.size = packed.size = 0;
	if (step[1] == EXTRAS && by_server)
		put_body(&body, "sixteenbytesuuid`1 `4 warn");
	if (step[1] == EXTRAS)
		put_body(&body, "`1 `1 k~1 v");
	put_body(&body, step + 4);
	if (step[1] == LZ4) {
		put_number(&packed, body.size, 4, false);
		assert_true(body.size < 15 + 255);
		put_number(&packed, body.size < 15 ? body.size << 4 : 0xf0, 1, false);
		if (body.size >= 15)
			put_number(&packed, body.size - 15, 1, false);
		put(&packed, body.bytes, body.size);
		whole = &packed;
	} else if (step[1] == SNAPPY) {
		put_number(&packed, body.size, 1, false);
		put_number(&packed, (body.size - 1) << 2, 1, false);
		put(&packed, body.bytes, body.size);
		whole = &packed;
	}
	put_number(b, version | (by_server ? 0x80u : 0), 1, false);
	put_number(b, step[1] == LZ4 || step[1] == SNAPPY ? 1 : step[1] == EXTRAS ? (by_server ? 0x0e : 4) : step[1] == BETA ? 0x10 : 0, 1, false);
	put_number(b, step[2] == '-' ? UINT64_MAX : (uint64_t)(step[2] - '0'), version < 3 ? 1 : 2, false);
	put_number(b, opcode, 1, false);
	put_number(b, whole->size, 4, false);
	put(b, whole->bytes, whole->size);
}

static uint32_t
crc24(const uint8_t *bytes, size_t size)
{
	uint32_t crc = 0x875060;

	for (size_t i = 0; i < size; i++) {
		crc ^= (uint32_t)bytes[i] << 16;
		for (int bit = 0; bit < 8; bit++)
			crc = crc << 1 ^ (crc & 0x800000 ? 0x1974f0b : 0);
	}
	return crc & 0xffffff;
}

static uint32_t
crc32(uint32_t crc, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
	}
	return crc;
}

static void
put_frame(struct buffer *b, const uint8_t *payload, size_t size, bool compressing, size_t uncompressed, bool self_contained)
{
	size_t start = b->size, header = compressing ? 5 : 3;

	put_number(b, compressing ? size | uncompressed << 17 | (uint64_t)self_contained << 34 : size | (uint64_t)self_contained << 17, (unsigned)header, true);
	put_number(b, crc24(b->bytes + start, header), 3, true);
	put(b, payload, size);
	put_number(b, ~crc32(crc32(UINT32_MAX, (const uint8_t *)"\xfa\x2d\x55\xca", 4), payload, size), 4, true);
}

static void
put_step(struct buffer *b, const char *step)
{
	static struct buffer inner, packed;

	inner.size = packed.size = 0;
	if (strchr("fFp", step[1]) == NULL) {
		put_envelope(b, step);
		return;
	}
	put_envelope(&inner, step);
	if (step[1] == FRAME) {
		put_frame(b, inner.bytes, inner.size, false, 0, true);
	} else if (step[1] == PARTS) {
		put_frame(b, inner.bytes, 12, false, 0, false);
		put_frame(b, inner.bytes + 12, inner.size - 12, false, 0, false);
	} else {
		put_number(&packed, inner.size < 15 ? inner.size << 4 : 0xf0, 1, false);
		if (inner.size >= 15)
			put_number(&packed, inner.size - 15, 1, false);
		put(&packed, inner.bytes, inner.size);
		put_frame(b, packed.bytes, packed.size, true, inner.size, true);
	}
}

static bool
is_answer(const char *step)
{
	return strchr("EDASRVLM", step[3]) != NULL;
}

#define OPTIONS "4 0O"
#define SUPPORTED "4 0S`2 `11 CQL_VERSION`1 `5 3.4.5`11 COMPRESSION`2 `6 snappy`3 lz4"
#define MAP "`1 `11 CQL_VERSION`5 3.0.0"
#define MAP_LZ4 "`2 `11 CQL_VERSION`5 3.0.0`11 COMPRESSION`3 lz4"
#define MAP_SNAPPY "`2 `11 CQL_VERSION`5 3.0.0`11 COMPRESSION`6 snappy"
#define STARTUP "4 1U" MAP
#define READY "4 1D"
#define PASSWORD "`49 org.apache.cassandra.auth.PasswordAuthenticator"
#define AUTHENTICATE "4 1A`47 org.apache.cassandra.auth.PasswordAuthenticator"
#define CLASS "`47 org.apache.cassandra.auth.PasswordAuthenticator"
#define TOKEN "~10 ^0 ann^0 lemon"
#define RESPONSE "4 2K" TOKEN
#define SUCCESS "4 2M~-1 "
#define BAD "4 2E~256 `30 Provided username ann and/or p"
#define QUERY "4 3Q~27 SELECT * FROM system.local ^0 `1 ^0"
#define VOID "4 3R~1 "
#define ROWS "4 3R~2 ~1 ~1 `1 k`1 t`1 c`13 ~0 "
#define DENIED "4 3E~8448 `14 User ann has no"

static const struct scripted_scenario scenarios[] = {
	{ "no login", { OPTIONS, SUPPORTED, STARTUP, READY, QUERY, ROWS }, AUTH_NONE, NULL, false },
	{ "ready", { STARTUP, READY }, AUTH_NONE, NULL, false },
	{ "not ready", { OPTIONS, SUPPORTED, STARTUP }, AUTH_UNKNOWN, NULL, false },
	{ "ready for something else", { STARTUP, "4 5G`1 `13 STATUS_CHANGE", "4 5D" }, AUTH_UNKNOWN, NULL, false },
	{ "another version asked for", { STARTUP, "4 1E~10 `38 Invalid or unsupported protocol version" }, AUTH_UNKNOWN, NULL, false },
	{ "password", { STARTUP, AUTHENTICATE, RESPONSE, SUCCESS, QUERY, VOID }, AUTH_SUCCESS, "sasl-plain", true },
	{ "password refused", { STARTUP, AUTHENTICATE, RESPONSE, BAD }, AUTH_FAILURE, "sasl-plain", true },
	{ "password not answered", { STARTUP, AUTHENTICATE, RESPONSE }, AUTH_ATTEMPTED, "sasl-plain", true },
	{ "asked for, none given", { STARTUP, AUTHENTICATE }, AUTH_ATTEMPTED, "sasl-plain", false },
	{ "an error of the server's", { STARTUP, AUTHENTICATE, RESPONSE, "4 2E~0 `5 oops " }, AUTH_ATTEMPTED, "sasl-plain", true },
	{ "not permitted", { STARTUP, AUTHENTICATE, RESPONSE, SUCCESS, QUERY, DENIED }, AUTH_SUCCESS, "sasl-plain", true, NOTE(NOT_PERMITTED) },
	{ "DSE, a mechanism first", { "A 1U" MAP, "A 1A`48 com.datastax.bdp.cassandra.auth.DseAuthenticator", "A 2K~5 PLAIN", "A 2L~11 PLAIN-START", "A 3K" TOKEN, "A 3M~-1 " }, AUTH_SUCCESS, "sasl-plain", true },
	{ "DSE, Kerberos", { "A 1U" MAP, "A 1A`48 com.datastax.bdp.cassandra.auth.DseAuthenticator", "A 2K~6 GSSAPI", "A 2L~12 GSSAPI-START" }, AUTH_ATTEMPTED, "sasl-gssapi", false },
	{ "AWS", { STARTUP, AUTHENTICATE, "4 2K~7 SigV4^0 ^0 ", "4 2L~7 nonce=a", "4 3K~13 signature=abc", "4 3M~-1 " }, AUTH_SUCCESS, "sigv4", false },
	{ "an authenticator nobody knows", { STARTUP, "4 1A`14 example.Lemons", "4 2K~3 abc", SUCCESS }, AUTH_SUCCESS, "cassandra-other", false },
	{ "no password", { STARTUP, AUTHENTICATE, "4 2K~5 ^0 ann^0 ", BAD }, AUTH_FAILURE, "sasl-plain", false },
	{ "version 3", { "3 0U" MAP, "3 0A" CLASS, "3 0K" TOKEN, "3 0M~-1 " }, AUTH_SUCCESS, "sasl-plain", true },
	{ "version 2", { "2 0U" MAP, "2 0A" CLASS, "2 0K" TOKEN, "2 0M~-1 " }, AUTH_SUCCESS, "sasl-plain", true },
	{ "version 1", { "1 0U" MAP, "1 0A" CLASS, "1 0C`2 `8 username`3 ann`8 password`5 lemon", "1 0D" }, AUTH_SUCCESS, "cassandra-credentials", true },
	{ "version 1, refused", { "1 0U" MAP, "1 0A" CLASS, "1 0C`2 `8 username`3 ann`8 password`5 lemon", "1 0E~256 `3 bad" }, AUTH_FAILURE, "cassandra-credentials", true },
	{ "version 1 without a login", { "1 0U" MAP, "1 0D", "1 1Q~8 SELECT 1`1 ", "1 1R~1 " }, AUTH_NONE, NULL, false },
	{ "version 5", { "5 0U" MAP, "5 0A" CLASS, "5f0K" TOKEN, "5f0M~-1 ", "5f1Q~8 SELECT 1`1 ~0 ", "5f1R~1 " }, AUTH_SUCCESS, "sasl-plain", true },
	{ "version 5, refused", { "5 0U" MAP, "5 0A" CLASS, "5f0K" TOKEN, "5f0E~256 `3 bad" }, AUTH_FAILURE, "sasl-plain", true },
	{ "version 5, compressed", { "5 0U" MAP_LZ4, "5 0A" CLASS, "5F0K" TOKEN, "5F0M~-1 " }, AUTH_SUCCESS, "sasl-plain", true },
	{ "version 5, in parts", { "5 0U" MAP, "5 0A" CLASS, "5p0K" TOKEN, "5f0M~-1 ", "5p1Q~28 SELECT * FROM system.locals ^0 `1 ^0", "5p1R~2 ~1 ~1 `1 k`1 t`1 c`13 ~0 ", "5f0E~8448 `3 bad" }, AUTH_SUCCESS, "sasl-plain", false, NOTE(NOT_PERMITTED) },
	{ "version 5 before there were frames", { "5b0U" MAP, "5b0D", "5b1Q~8 SELECT 1`1 ~0 ", "5b1R~1 " }, AUTH_NONE, NULL, false },
	{ "LZ4", { "4 0U" MAP_LZ4, "4z0A" CLASS, "4z0K" TOKEN, "4z0M~-1 ", "4z1Q~8 SELECT 1`1 ^0 ", "4z1R~1 " }, AUTH_SUCCESS, "sasl-plain", true },
	{ "LZ4, no login", { "4 0U" MAP_LZ4, "4z0D" }, AUTH_NONE, NULL, false },
	{ "Snappy", { "4 0U" MAP_SNAPPY, "4s0A" CLASS, "4s0K" TOKEN, "4s0M~-1 " }, AUTH_SUCCESS, "sasl-plain", true },
	{ "extras", { STARTUP, AUTHENTICATE, RESPONSE, SUCCESS, "4x1Q~8 SELECT 1`1 ^0 ", "4x1E~8448 `3 bad" }, AUTH_SUCCESS, "sasl-plain", true, NOTE(NOT_PERMITTED) },
	{ "every kind of message", { STARTUP, READY, "4 1P~8 SELECT 1", "4 1R~4 `1 i`0 ", "4 2X`1 i`1 ^0 ", "4 2R~3 `4 shop", "4 3B^0 `1 ^0 `1 ", "4 3R~5 `7 CREATED`8 KEYSPACE`4 shop", "4 -V`13 SCHEMA_CHANGE`7 CREATED" }, AUTH_NONE, NULL, false },
};

static struct buffer buffers[SCENARIO_MESSAGES];

static size_t
write_script(struct message *messages, const char *const steps[])
{
	size_t count = 0;

	for (; count < SCENARIO_MESSAGES && steps[count] != NULL; count++) {
		buffers[count].size = 0;
		put_step(&buffers[count], steps[count]);
		messages[count] = (struct message){ is_answer(steps[count]) ? FROM_SERVER : FROM_CLIENT, buffers[count].bytes, buffers[count].size };
	}
	return count;
}

static void
outcomes(void **state)
{
	(void)state;
	scripts_check(&cassandra_dissector, "cassandra", scenarios, COUNT_OF(scenarios), write_script);
}

/* A header of nine bytes, whose flag says that nobody can read what follows, is no login. */
static void
no_login_on_a_signature(void **state)
{
	static const struct message list[] = {
		CLIENT("\3\013\0\0\4\0\0\0\012\0\0\0\3\0\0\0\0\3\0"),
		CLIENT("\4\0\0\0\017\0\0\0\4\0\0\0\0"), /* an empty token */
		CLIENT("\1\0\0\017\0\0\0\4\0\0\0\0"),
		CLIENT("\4\013\0\1\017\0\0\0\012\0\0\0\3\0\0\0\0\3\0"),
		SERVER("\x83\0\0\1\0\0\0\0\006\0\0\0\0\0\0"), /* an error that is nothing but zeros */
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(list); i++) {
		struct conversation c;

		conversation_init(&c, &cassandra_dissector);
		conversation_run(&c, &list[i], 1, 0);
		assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
		assert_true(c.evidence.strength < STRENGTH_STRUCTURE);
		conversation_clear(&c);
	}
}

static void
notes_and_principals(void **state)
{
	static const char *const denied[SCENARIO_MESSAGES] = { STARTUP, AUTHENTICATE, RESPONSE, SUCCESS, QUERY, DENIED };
	static const char *const old[SCENARIO_MESSAGES] = { "1 0C`2 `8 username`3 ann`8 password`5 lemon" };
	struct message messages[SCENARIO_MESSAGES];
	size_t count;
	struct conversation c;

	(void)state;
	count = write_script(messages, denied);
	conversation_init(&c, &cassandra_dissector);
	c.evidence.want_principals = true;
	conversation_run(&c, messages, count, 0);
	assert_int_equal(c.evidence.notes, 1u << NOTE_NOT_PERMITTED);
	assert_string_equal(c.evidence.authentication.principal, "ann");
	conversation_clear(&c);
	count = write_script(messages, old);
	conversation_init(&c, &cassandra_dissector);
	c.evidence.want_principals = true;
	conversation_run(&c, messages, count, 0);
	assert_string_equal(c.evidence.authentication.principal, "ann");
	conversation_clear(&c);
}

/* Authenticators' classes, by the method that an attempt at them is reported as. */
static void
authenticators(void **state)
{
	static const struct {
		const char *step, *method;
	} list[] = {
		{ "4 1A`21 PasswordAuthenticator", "sasl-plain" },
		{ "4 1A`38 com.scylladb.auth.TransitionalAuthenticat", NULL },
		{ "4 1A`41 com.scylladb.auth.TransitionalAuthenticator", NULL },
		{ "4 1A`43 com.scylladb.auth.TransitionalAuthenticator", "sasl-plain" },
		{ "4 1A`51 com.datastax.bdp.cassandra.auth.KerberosAuthenticator", NULL },
		{ "4 1A`53 com.datastax.bdp.cassandra.auth.KerberosAuthenticator", "sasl-gssapi" },
		{ "4 1A`48 org.apache.cassandra.auth.MutualTlsAuthenticator", "cassandra-mutual-tls" },
		{ "4 1A`8 example.", "cassandra-other" },
	};
	struct message messages[SCENARIO_MESSAGES];
	size_t count;
	struct conversation c;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(list); i++) {
		const char *const steps[SCENARIO_MESSAGES] = { STARTUP, list[i].step };

		count = write_script(messages, steps);
		conversation_init(&c, &cassandra_dissector);
		conversation_run(&c, messages, count, 0);
		if (list[i].method == NULL)
			assert_int_equal(c.verdict, MALFORMED);
		else
			assert_string_equal(c.evidence.authentication.method, list[i].method);
		conversation_clear(&c);
	}
}

/* Messages and frames that are too long to wait for. */
static void
long_messages(void **state)
{
	static struct buffer b, inner;
	struct conversation c;

	(void)state;
	for (int framed = 0; framed < 3; framed++) {
		for (size_t chunk = 0; chunk < 1500; chunk += 1400) {
			static const char *const plain[SCENARIO_MESSAGES] = { STARTUP, AUTHENTICATE, RESPONSE };
			static const char *const modern[SCENARIO_MESSAGES] = { "5 1U" MAP, "5 1A" CLASS, "5f2K" TOKEN };
			struct message m[SCENARIO_MESSAGES];

			assert_int_equal(write_script(m, framed > 0 ? modern : plain), 3);
			inner.size = b.size = 0;
			put(&inner, framed > 0 ? "\x85\0\0\7\x08\0\0\x75\x30\0\0\0\2" : "\x84\0\0\7\x08\0\0\x75\x30\0\0\0\2", 13);
			inner.size = 9 + 30000;
			if (framed == 2) {
				put_frame(&b, inner.bytes, 20000, false, 0, false);
				put_frame(&b, inner.bytes + 20000, inner.size - 20000, false, 0, false);
			} else if (framed == 1) {
				put_frame(&b, inner.bytes, inner.size, false, 0, true);
			} else {
				put(&b, inner.bytes, inner.size);
			}
			if (framed > 0)
				put_step(&b, "5f2M~-1 ");
			else
				put_step(&b, SUCCESS);
			m[3] = (struct message){ FROM_SERVER, b.bytes, b.size };
			conversation_init(&c, &cassandra_dissector);
			conversation_run(&c, m, 4, chunk);
			assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
			conversation_clear(&c);
		}
	}
}

static void
losses(void **state)
{
	static const struct scripted_loss list[] = {
		{ { STARTUP, READY, QUERY, VOID }, 1, FROM_SERVER, AUTH_UNKNOWN },
		{ { STARTUP, READY, QUERY, VOID }, 2, FROM_CLIENT, AUTH_NONE },
		{ { STARTUP, AUTHENTICATE, RESPONSE, SUCCESS }, 1, FROM_SERVER, AUTH_SUCCESS },
		{ { STARTUP, AUTHENTICATE, RESPONSE, BAD }, 2, FROM_CLIENT, AUTH_FAILURE },
		{ { "1 0U" MAP, "1 0A" CLASS, "1 0C`2 `8 username`3 ann`8 password`5 lemon", "1 0G`1 `13 STATUS_CHANGE", "1 0D" }, 3, FROM_SERVER, AUTH_ATTEMPTED },
		{ { "5 0U" MAP, "5 0A" CLASS, "5f0K" TOKEN, "5f0M~-1 " }, 2, FROM_CLIENT, AUTH_SUCCESS },
		{ { "5 0U" MAP, "5 0A" CLASS, "5f0K" TOKEN, "5p0R~2 ~1 ~1 `1 k`1 t`1 c`13 ~0 ", "5f0M~-1 " }, 4, FROM_SERVER, AUTH_SUCCESS },
	};

	(void)state;
	script_losses_check(&cassandra_dissector, "the rest of some message", list, COUNT_OF(list), write_script);
}

static void
midstream(void **state)
{
	static const struct {
		const char *steps[SCENARIO_MESSAGES];
		enum auth_result result;
	} list[] = {
		{ { QUERY, VOID }, AUTH_UNKNOWN },
		{ { "5f1Q~8 SELECT 1`1 ~0 ", "5f1R~1 " }, AUTH_UNKNOWN },
		{ { "5F1Q~8 SELECT 1`1 ~0 ", "5F1R~1 " }, AUTH_UNKNOWN },
		{ { RESPONSE, SUCCESS }, AUTH_SUCCESS },
	};
	struct message messages[SCENARIO_MESSAGES];
	size_t count;
	struct conversation c;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(list); i++) {
		count = write_script(messages, list[i].steps);
		conversation_init_midstream(&c, &cassandra_dissector);
		conversation_send(&c, FROM_SERVER, "tail of a message that began before", 35);
		conversation_run(&c, messages, count, 0);
		assert_int_equal(c.evidence.authentication.result, list[i].result);
		assert_int_equal(c.evidence.encryption.state, ENCRYPTION_PLAINTEXT);
		conversation_clear(&c);
	}
}

static enum verdict
probe(const void *bytes, size_t size, enum direction from, bool handshake_seen)
{
	const struct flow_view flow = { .client_port = 40000, .server_port = 1, .handshake_seen = handshake_seen };

	return probe_bytes(&cassandra_dissector, &flow, from, bytes, size, NULL);
}

static void
probes_of_messages(void **state)
{
	struct message messages[SCENARIO_MESSAGES];
	size_t count;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(scenarios); i++) {
		count = write_script(messages, scenarios[i].steps);
		for (size_t j = 0; j < count; j++) {
			const struct message *m = &messages[j];
			char how = scenarios[i].steps[j][1];

			for (size_t size = 0; size < m->size; size++)
				if (how != PARTS && how != SNAPPY)
					assert_int_not_equal(probe(m->bytes, size, m->from, false), NO_MATCH);
			if (how != PARTS && how != SNAPPY)
				assert_int_equal(probe(m->bytes, m->size, m->from, false), MATCH);
			assert_int_equal(probe(m->bytes, m->size, 1 - m->from, false), NO_MATCH);
		}
	}
}

#define NEAR_MISS(text) { (text), sizeof(text) - 1 }

static void
near_misses(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
	} list[] = {
		NEAR_MISS("GET / HTTP/1.1\r\n\r\n"),
		NEAR_MISS("HTTP/1.1 200 OK\r\n\r\n"),
		NEAR_MISS("*1\r\n$4\r\nPING\r\n"),
		NEAR_MISS("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x01\x02\x03\x04\x05\x06"),
		NEAR_MISS("\0\0\0\x08\x04\xd2\x16\x2f\0\0\0\0"),
		NEAR_MISS("\4\1\0\x50\x0a\0\0\1user\0"),                           /* SOCKS 4 */
		NEAR_MISS("\5\1\0\0\0\0\0\0\0\0\0"),                               /* SOCKS 5 */
		NEAR_MISS("\4\0\0\0\5\0\0\0\1x"),                                   /* OPTIONS with a body */
		NEAR_MISS("\4\0\0\0\1\0\0\0\x05\0\1\0\1k"),                         /* STARTUP whose map goes on */
		NEAR_MISS("\4\0\0\0\7\0\0\0\x08\0\0\0\1\1\0\1\0"),                  /* QUERY that is no text */
		NEAR_MISS("\x84\0\0\0\x08\0\0\0\4\0\0\0\x09"),                      /* a RESULT there is not */
		NEAR_MISS("\x84\0\0\0\x08\0\0\0\5\0\0\0\1x"),                       /* void, with something in it */
		NEAR_MISS("\x84\0\0\0\x0e\0\0\0\5\0\0\0\2x"),                       /* a token of another size */
		NEAR_MISS("\x84\0\xff\xff\2\0\0\0\0"),                              /* an answer to what the server asked itself */
		NEAR_MISS("\1\0\0\5\0\0\0\0\0\0\0\0"),                              /* two numbers, and more */
		NEAR_MISS("\x10\0\2\0\0\0\5\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), /* a frame but for its checksum */
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(list); i++)
		for (int seen = 0; seen < 2; seen++)
			if (probe(list[i].bytes, list[i].size, FROM_CLIENT, seen) != NO_MATCH || probe(list[i].bytes, list[i].size, FROM_SERVER, seen) != NO_MATCH)
				fail_msg("near miss %zu", i);
}

/* A frame that was changed on its way is none; bytes that are no message end the matter. */
static void
hostile(void **state)
{
	static const char *const modern[SCENARIO_MESSAGES] = { "5 0U" MAP, "5 0D", "5f1Q~8 SELECT 1`1 ~0 " };
	struct message messages[SCENARIO_MESSAGES];
	size_t count;
	struct conversation c;

	(void)state;
	for (size_t i = 0; i < 30; i++) {
		count = write_script(messages, modern);
		buffers[2].bytes[i] ^= 0x20;
		conversation_init(&c, &cassandra_dissector);
		conversation_run(&c, messages, count, 0);
		assert_true(c.verdict == MALFORMED || c.verdict == NEED_MORE);
		assert_int_equal(c.evidence.authentication.result, AUTH_NONE);
		conversation_clear(&c);
	}
	conversation_init(&c, &cassandra_dissector);
	conversation_send(&c, FROM_CLIENT, "\4\0\0\0\1\0\0\0\5\0\1\0\1k", 14);
	assert_int_equal(c.verdict, NO_MATCH);
	conversation_clear(&c);
}

static void
lz4(void **state)
{
	static const struct {
		const char *block;
		size_t size;
		const char *text;
		bool whole;
	} list[] = {
		{ "", 0, "", true },
		{ "\x30" "abc", 4, "abc", true },
		{ "\x32" "abc\3\0" "\x10" "x", 8, "abcabcabcx", true },
		{ "\x1f" "a\1\0\0" "\x00", 6, "aaaaaaaaaaaaaaaaaaaa", true },
		{ "\x30" "ab", 3, "ab", false },          /* cut */
		{ "\x10" "a\2\0", 4, "a", false },        /* a copy of what was never there */
		{ "\x10" "a\0\0", 4, "a", false },
		{ "\x10" "a\1", 3, "a", false },
		{ "\xf0", 1, "", false },
		{ "\xf0\xff\xff\xff\xff\xff", 6, "", false },
		{ "\x1f" "a\1\0\xff\xff\0" "\x00", 8, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false }, /* more than there is room for */
	};
	uint8_t out[32];
	size_t size;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(list); i++) {
		bool is = lz4_decode(cursor_over(list[i].block, list[i].size), out, sizeof(out), &size);

		if (is != list[i].whole || size != strlen(list[i].text) || memcmp(out, list[i].text, size) != 0)
			fail_msg("block %zu: %d, %zu bytes", i, is, size);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes),
		cmocka_unit_test(no_login_on_a_signature),
		cmocka_unit_test(notes_and_principals),
		cmocka_unit_test(authenticators),
		cmocka_unit_test(long_messages),
		cmocka_unit_test(losses),
		cmocka_unit_test(midstream),
		cmocka_unit_test(probes_of_messages),
		cmocka_unit_test(near_misses),
		cmocka_unit_test(hostile),
		cmocka_unit_test(lz4),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
