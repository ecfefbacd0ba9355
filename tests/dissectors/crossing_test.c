/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of dissectors as a whole: of the beginnings of all conversations that the fuzz targets start from
 * none is claimed by two protocols with the same strength, so that their order in the table would decide, but
 * for those listed here; and nobody claims noise with the strength of structure.
 */
#include <config.h>

#include <dirent.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dissectors/dissector.h"

enum { BEGINNING = 4096, NOISE_COUNT = 60000, NOISE_SIZE = 160 };

/* Beginnings that belong to two protocols, with the reason. */
static const struct {
	const char *one, *other;
} allowed[] = {
	/* "05 01 01": methods of SOCKS, or a compressed message of CQL 5, whose dissector gives it back after a look. */
	{ "cassandra", "socks5" },
};

/* What a conversation of a fuzz target begins with, by direction (fuzz_dissector.c has the form). */
struct beginnings {
	uint8_t bytes[2][BEGINNING];
	size_t size[2];
};

static void
read_beginnings(struct cursor seed, bool datagrams, struct beginnings *b)
{
	bool over[2] = { false, false };

	*b = (struct beginnings){ .size = { 0, 0 } };
	while (cursor_left(&seed) >= 3) {
		uint8_t control = cursor_u8(&seed);
		uint16_t size = cursor_u16(&seed);
		size_t from = control & 1, room = BEGINNING - b->size[from];
		struct cursor piece;

		if ((control & 2) != 0) {
			over[from] = true;
			continue;
		}
		piece = cursor_sub(&seed, size < cursor_left(&seed) ? size : cursor_left(&seed));
		if (over[from])
			continue;
		over[from] = datagrams;
		if (piece.left < room)
			room = piece.left;
		memcpy(b->bytes[from] + b->size[from], piece.at, room);
		b->size[from] += room;
	}
}

/* The strength with which the dissector claims bytes, on a heap block of their size. */
static enum strength
claim_of(size_t index, enum direction from, bool joined, const uint8_t *bytes, size_t size)
{
	const struct dissector *d = dissectors[index];
	struct flow_view flow = { .ip_protocol = d->ip_protocol, .client_port = 40000, .server_port = 1, .handshake_seen = !joined, .roles_known = !joined };
	enum strength strength = STRENGTH_SIGNATURE;
	enum verdict verdict;
	uint8_t *block;

	if (size == 0 || (dissector_candidates(d->ip_protocol, from, bytes[0]) >> index & 1) == 0)
		return STRENGTH_NONE;
	block = malloc(size);
	assert_non_null(block);
	memcpy(block, bytes, size);
	verdict = d->probe(&flow, from, cursor_over(block, size), &strength);
	free(block);
	return verdict == MATCH ? strength : STRENGTH_NONE;
}

static bool
is_allowed(const char *one, const char *other)
{
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		if ((strcmp(one, allowed[i].one) == 0 && strcmp(other, allowed[i].other) == 0) || (strcmp(one, allowed[i].other) == 0 && strcmp(other, allowed[i].one) == 0))
			return true;
	return strcmp(one, other) == 0;
}

static void
check_beginning(const char *what, uint8_t ip_protocol, enum direction from, bool joined, const uint8_t *bytes, size_t size)
{
	enum strength strongest = STRENGTH_NONE;
	const char *claimed = NULL;

	for (size_t i = 0; dissectors[i] != NULL; i++) {
		enum strength strength = dissectors[i]->ip_protocol == ip_protocol ? claim_of(i, from, joined, bytes, size) : STRENGTH_NONE;

		if (strength == STRENGTH_NONE || strength < strongest)
			continue;
		if (strength == strongest && !is_allowed(claimed, dissectors[i]->name))
			fail_msg("%s, direction %d, joined %d: %s and %s", what, from, joined, claimed, dissectors[i]->name);
		strongest = strength;
		claimed = dissectors[i]->name;
	}
}

static void
check_seed(const char *path)
{
	static uint8_t bytes[1 << 18];
	static struct beginnings b;
	FILE *file = fopen(path, "rb");
	size_t size;

	assert_non_null(file);
	size = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	for (int transport = 0; transport < 2; transport++) {
		read_beginnings(cursor_over(bytes, size), transport == 1, &b);
		for (enum direction from = FROM_CLIENT; from <= FROM_SERVER; from++)
			for (int joined = 0; joined < 2; joined++)
				check_beginning(path, transport == 1 ? IPPROTO_UDP : IPPROTO_TCP, from, joined == 1, b.bytes[from], b.size[from]);
	}
}

/* Calls act with the path of each entry of a folder. */
static size_t
each_entry(const char *folder, void (*act)(const char *path))
{
	DIR *entries = opendir(folder);
	struct dirent *entry;
	char path[4096];
	size_t count = 0;

	assert_non_null(entries);
	while ((entry = readdir(entries)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		assert_true(snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name) < (int)sizeof(path));
		act(path);
		count++;
	}
	closedir(entries);
	return count;
}

static size_t seeds;

static void
check_folder(const char *path)
{
	seeds += each_entry(path, check_seed);
}

static void
one_claim_each(void **state)
{
	const char *source = getenv("PODWIRE_SOURCE");
	char folder[4096];

	(void)state;
	snprintf(folder, sizeof(folder), "%s/tests/fuzz/seeds", source != NULL ? source : ".");
	each_entry(folder, check_folder);
	assert_true(seeds > 300);
}

static uint64_t
next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state * UINT64_C(0x2545f4914f6cdd1d) >> 32;
}

static const char *const words[] = {
	"GET ", "SET ", "AUTH ", "INFO ", "CONNECT ", "PING", "PONG", "USER ", "PASS ", "HELO ", "QUIT", "+OK ", "-ERR ", "220 ", "ERROR", "STATS", "SUB ", "PUB ", "MSG ", "get ", "stats",
	"RTSP/1.0 ", "SIP/2.0 ", "INVITE ", "OPTIONS ", "ruok", "NICK ", "EVENT", "hello", "version", "BEGIN", "{\"", "}", "\":", "\r\n", "\r\n", "\n", " ", "0", "12", "-1", "*", "$", "user", ":",
};

/* Random bytes; zeros and small numbers behind a length that fits; words and ends of lines. */
static size_t
make_noise(uint8_t *bytes, int kind, uint64_t *state)
{
	size_t size = 12 + next_random(state) % (NOISE_SIZE - 32);

	for (size_t at = 0; at < size; kind == 2 ? (void)0 : (void)at++) {
		uint64_t r = next_random(state);

		if (kind == 2) {
			const char *word = words[r % (sizeof(words) / sizeof(words[0]))];

			memcpy(bytes + at, word, strlen(word));
			at += strlen(word);
			size = at > size ? at : size;
		} else {
			bytes[at] = (uint8_t)(kind == 0 ? r : (r & 3) == 0 ? 0 : r >> 8);
		}
	}
	if (kind == 1) {
		for (size_t i = 0; i < 4; i++)
			bytes[i] = 0;
		bytes[next_random(state) & 1 ? 0 : 3] = (uint8_t)(next_random(state) & 1 ? size : size - 4);
	}
	return size;
}

static void
nobody_claims_noise(void **state)
{
	uint8_t bytes[NOISE_SIZE];
	uint64_t random = 88172645463325252;

	(void)state;
	for (int i = 0; i < NOISE_COUNT; i++) {
		size_t size = make_noise(bytes, i % 3, &random);

		for (size_t j = 0; dissectors[j] != NULL; j++)
			for (int view = 0; view < 4; view++)
				/* For ESP and AH the number in IP's header speaks. */
				if ((dissectors[j]->ip_protocol == IPPROTO_TCP || dissectors[j]->ip_protocol == IPPROTO_UDP) && claim_of(j, view & 1 ? FROM_SERVER : FROM_CLIENT, (view & 2) != 0, bytes, size) >= STRENGTH_STRUCTURE)
					fail_msg("noise %d: %s", i, dissectors[j]->name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_claim_each),
		cmocka_unit_test(nobody_claims_noise),
	};

	return cmocka_run_group_tests_name("dissectors/crossing", tests, NULL, NULL);
}
