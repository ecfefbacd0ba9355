/* SPDX-License-Identifier: Apache-2.0 */
/* Lines and headers of memcached. */
#include <config.h>

#include "memcached_message.h"

enum { KEY_MAX = 250, WORDS_MAX = 64 };

static const uint64_t block_max = UINT64_C(1) << 30;

/* Binary messages. */

/* What extras classic requests have, and whether they have a key; of other opcodes nothing is known. */
static const struct {
	uint8_t opcode, extras;
	bool key, value;
} shapes[] = {
	{ 0x00, 0, true, false },  /* get */
	{ 0x01, 8, true, true },   /* set */
	{ 0x02, 8, true, true },   /* add */
	{ 0x03, 8, true, true },   /* replace */
	{ 0x04, 0, true, false },  /* delete */
	{ 0x05, 20, true, false }, /* increment */
	{ 0x06, 20, true, false }, /* decrement */
	{ 0x07, 0, false, false }, /* quit */
	{ 0x0a, 0, false, false }, /* noop */
	{ 0x0b, 0, false, false }, /* version */
	{ 0x20, 0, false, false }, /* list of mechanisms */
	{ 0x21, 0, true, true },
	{ 0x22, 0, true, true },
};

static bool
fits_shape(const struct memcached_header *h)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (shapes[i].opcode == h->opcode)
			return h->before == shapes[i].extras && (h->key > 0) == shapes[i].key && (shapes[i].value || h->size == h->before + h->key);
	return true;
}

bool
memcached_take_header(struct cursor *c, struct memcached_header *h)
{
	uint8_t magic = cursor_u8(c), framing = 0;
	uint8_t extras, type;

	*h = (struct memcached_header){ .answer = magic == 0x81 || magic == 0x18 || magic == 0x83, .from_server = magic == 0x81 || magic == 0x18 || magic == 0x82 };
	if (magic != 0x08 && magic != 0x18 && (magic < 0x80 || magic > 0x83))
		return false;
	h->opcode = cursor_u8(c);
	if (magic == 0x08 || magic == 0x18) { /* Couchbase: the key's size gave a byte to the framing extras' */
		framing = cursor_u8(c);
		h->key = cursor_u8(c);
	} else {
		h->key = cursor_u16(c);
	}
	extras = cursor_u8(c);
	type = cursor_u8(c);
	h->status = cursor_u16(c);
	h->size = cursor_u32(c);
	cursor_skip(c, 12);
	h->before = (uint32_t)framing + extras;
	if (!cursor_ok(c) || h->key > KEY_MAX || h->before + h->key > h->size || h->size > block_max || (type & ~0x07) != 0)
		return false;
	if (h->answer)
		return h->status <= 0xff && (h->status == MEMCACHED_SUCCESS || h->key == 0);
	return framing > 0 || fits_shape(h);
}

bool
memcached_is_free(uint8_t opcode)
{
	switch (opcode) {
	case 0x07: /* quit */
	case 0x17:
	case 0x0a: /* noop: Couchbase */
	case 0x0b: /* version */
	case MEMCACHED_HELLO:
	case MEMCACHED_SASL_LIST:
	case MEMCACHED_SASL_AUTH:
	case MEMCACHED_SASL_STEP:
	case 0x89: /* Couchbase: select bucket, cluster configuration, map of errors */
	case 0xb5:
	case 0xfe:
		return true;
	default:
		return false;
	}
}

/* Text. */

struct words {
	struct cursor word[WORDS_MAX];
	size_t count; /* also of those beyond */
};

/* Splits a line at its blanks; false where it has what no line has. */
static bool
split(struct cursor line, struct words *w)
{
	w->count = 0;
	for (size_t i = 0; i < line.left; i++)
		if (line.at[i] < ' ' || line.at[i] == 0x7f)
			return false;
	while (cursor_left(&line) > 0) {
		struct cursor word;

		if (cursor_peek(&line, 0) == ' ') {
			cursor_skip(&line, 1);
			continue;
		}
		if (!cursor_take_until(&line, ' ', &word))
			word = cursor_sub(&line, cursor_left(&line));
		if (w->count < WORDS_MAX)
			w->word[w->count] = word;
		w->count++;
	}
	return w->count > 0;
}

static bool
read_number(struct cursor word, uint64_t *number)
{
	if (cursor_peek(&word, 0) == '-') /* an expiry in the past */
		cursor_skip(&word, 1);
	*number = cursor_decimal(&word);
	return cursor_ok(&word) && cursor_left(&word) == 0;
}

static bool
are_numbers(const struct words *w, size_t from, size_t to)
{
	uint64_t ignored;

	for (size_t i = from; i < to; i++)
		if (!read_number(w->word[i], &ignored))
			return false;
	return true;
}

static bool
is_key(struct cursor word)
{
	return word.left <= KEY_MAX;
}

enum form { FORM_KEYS, FORM_TIME_KEYS, FORM_STORE, FORM_CAS, FORM_NUMBER, FORM_KEY, FORM_ANY, FORM_META, FORM_META_STORE, FORM_ALONE };

/* Commands, in lower case as the server wants them. */
static const struct {
	const char *name;
	enum form form;
} commands[] = {
	{ "get", FORM_KEYS },
	{ "gets", FORM_KEYS },
	{ "gat", FORM_TIME_KEYS },
	{ "gats", FORM_TIME_KEYS },
	{ "set", FORM_STORE },
	{ "add", FORM_STORE },
	{ "replace", FORM_STORE },
	{ "append", FORM_STORE },
	{ "prepend", FORM_STORE },
	{ "cas", FORM_CAS },
	{ "touch", FORM_NUMBER },
	{ "incr", FORM_NUMBER },
	{ "decr", FORM_NUMBER },
	{ "delete", FORM_KEY },
	{ "stats", FORM_ANY },
	{ "flush_all", FORM_ANY },
	{ "verbosity", FORM_ANY },
	{ "cache_memlimit", FORM_ANY },
	{ "slabs", FORM_ANY },
	{ "lru", FORM_ANY },
	{ "lru_crawler", FORM_ANY },
	{ "watch", FORM_ANY },
	{ "version", FORM_ALONE },
	{ "quit", FORM_ALONE },
	{ "mn", FORM_ALONE },
	{ "mg", FORM_META },
	{ "md", FORM_META },
	{ "ma", FORM_META },
	{ "me", FORM_META },
	{ "ms", FORM_META_STORE },
};

/* "set key flags expiry bytes [noreply]", "cas key flags expiry bytes unique [noreply]". */
static bool
read_storage(const struct words *w, size_t numbers, struct memcached_command *command)
{
	if (w->count < 2 + numbers || w->count > 3 + numbers || !are_numbers(w, 2, 2 + numbers) || !read_number(w->word[4], &command->size))
		return false;
	if (w->count == 3 + numbers && !cursor_equals(&w->word[2 + numbers], "noreply"))
		return false;
	command->storage = command->telling = true;
	command->set = cursor_equals(&w->word[0], "set") && w->count == 5 && cursor_equals(&w->word[2], "0") && cursor_equals(&w->word[3], "0");
	return command->size <= block_max;
}

static bool
read_form(enum form form, const struct words *w, struct memcached_command *command)
{
	switch (form) {
	case FORM_KEYS:
		return w->count >= 2;
	case FORM_TIME_KEYS:
		return w->count >= 3 && are_numbers(w, 1, 2);
	case FORM_STORE:
		return read_storage(w, 3, command);
	case FORM_CAS:
		return read_storage(w, 4, command);
	case FORM_NUMBER:
		return w->count >= 3 && w->count <= 4 && are_numbers(w, 2, 3);
	case FORM_KEY:
		return w->count >= 2 && w->count <= 4;
	case FORM_META:
		return w->count >= 2;
	case FORM_META_STORE:
		command->storage = command->telling = true;
		return w->count >= 3 && read_number(w->word[2], &command->size) && command->size <= block_max;
	case FORM_ALONE:
		return w->count == 1;
	default:
		return w->count <= 4;
	}
}

bool
memcached_read_command(struct cursor line, struct memcached_command *command)
{
	struct words w;

	*command = (struct memcached_command){ .size = 0 };
	if (!split(line, &w) || (w.count > 1 && !is_key(w.word[1])))
		return false;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (cursor_equals(&w.word[0], commands[i].name))
			return read_form(commands[i].form, &w, command);
	return false;
}

/* Answers of one word, or that begin with one. */
static const struct {
	const char *text;
	bool alone;
	bool telling;
	enum memcached_reply reply;
} answers[] = {
	{ "STORED", true, true, MEMCACHED_REPLY_STORED },
	{ "NOT_STORED", true, true, MEMCACHED_REPLY_SERVED },
	{ "EXISTS", true, false, MEMCACHED_REPLY_SERVED },
	{ "NOT_FOUND", true, true, MEMCACHED_REPLY_SERVED },
	{ "DELETED", true, true, MEMCACHED_REPLY_SERVED },
	{ "TOUCHED", true, true, MEMCACHED_REPLY_SERVED },
	{ "END", true, false, MEMCACHED_REPLY_SERVED },
	{ "OK", true, false, MEMCACHED_REPLY_SERVED },
	{ "RESET", true, false, MEMCACHED_REPLY_SERVED },
	{ "STAT ", false, true, MEMCACHED_REPLY_SERVED },
	{ "VERSION ", false, true, MEMCACHED_REPLY_SERVED },
	{ "MN", true, false, MEMCACHED_REPLY_SERVED },
	{ "EN", true, false, MEMCACHED_REPLY_SERVED },
	{ "HD", false, false, MEMCACHED_REPLY_SERVED },
	{ "NF", false, false, MEMCACHED_REPLY_SERVED },
	{ "NS", false, false, MEMCACHED_REPLY_SERVED },
	{ "EX", true, false, MEMCACHED_REPLY_SERVED },
	{ "ME ", false, false, MEMCACHED_REPLY_SERVED },
	{ "ERROR", true, false, MEMCACHED_REPLY_ERROR },
	{ "CLIENT_ERROR unauthenticated", true, true, MEMCACHED_REPLY_UNAUTHENTICATED },
	{ "CLIENT_ERROR authentication failure", true, true, MEMCACHED_REPLY_AUTH_FAILURE },
	{ "CLIENT_ERROR ", false, true, MEMCACHED_REPLY_ERROR },
	{ "SERVER_ERROR ", false, true, MEMCACHED_REPLY_ERROR },
	{ "BUSY ", false, false, MEMCACHED_REPLY_SERVED },
};

/* "VALUE key flags bytes [unique]", "VA bytes flags...", and what incr and decr give. */
static bool
read_data_answer(struct cursor line, struct memcached_answer *a)
{
	struct words w;

	if (!split(line, &w))
		return false;
	if (cursor_equals(&w.word[0], "VALUE"))
		a->data = a->telling = (w.count == 4 || w.count == 5) && are_numbers(&w, 2, w.count) && read_number(w.word[3], &a->size);
	else if (cursor_equals(&w.word[0], "VA") && w.count >= 2)
		a->data = read_number(w.word[1], &a->size);
	else
		return w.count == 1 && are_numbers(&w, 0, 1);
	return a->data && a->size <= block_max;
}

struct memcached_answer
memcached_read_answer(struct cursor line)
{
	struct memcached_answer a = { .reply = MEMCACHED_REPLY_NONE };

	if (!cursor_is_text(line))
		return a;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		if (answers[i].alone ? !cursor_equals(&line, answers[i].text) : !cursor_starts_with(&line, answers[i].text))
			continue;
		a.reply = answers[i].reply;
		a.telling = answers[i].telling;
		return a;
	}
	if (read_data_answer(line, &a))
		a.reply = MEMCACHED_REPLY_SERVED;
	return a;
}
