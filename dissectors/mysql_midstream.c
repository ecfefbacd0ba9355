/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands of MySQL's client/server protocol and their answers (MySQL Source Code Documentation, "Command Phase"), read
 * strictly: in a stream joined in the middle they are all there is to know it by.
 */
#include <config.h>

#include "mysql_midstream.h"

#include <string.h>

#include "mysql_packet.h"

enum {
	COM_QUERY = 0x03,
	COM_PING = 0x0e,
	COM_STMT_PREPARE = 0x16,
	COM_STMT_EXECUTE = 0x17,
	COM_STMT_CLOSE = 0x19,
};

static const char *const sql_verbs[] = {
	"SELECT",
	"INSERT",
	"UPDATE",
	"DELETE",
	"REPLACE",
	"SET",
	"SHOW",
	"USE",
	"BEGIN",
	"COMMIT",
	"ROLLBACK",
	"START",
	"CREATE",
	"ALTER",
	"DROP",
	"TRUNCATE",
	"CALL",
	"DESC",
	"DESCRIBE",
	"EXPLAIN",
	"LOCK",
	"UNLOCK",
	"ANALYZE",
	"OPTIMIZE",
	"GRANT",
	"REVOKE",
	"FLUSH",
	"KILL",
	"LOAD",
	"PREPARE",
	"EXECUTE",
	"SAVEPOINT",
	"RELEASE",
	"WITH",
	"HANDLER",
	"DO",
	"CHECK",
	"RENAME",
};

static bool
ends_word(int b)
{
	return !(b >= '0' && b <= '9') && !((b | 0x20) >= 'a' && (b | 0x20) <= 'z') && b != '_';
}

/* Whether text begins as a statement does: blanks, comments, brackets, then a verb. */
static bool
is_statement(struct cursor c)
{
	ptrdiff_t end;

	if (!cursor_is_text(c))
		return false;
	for (;;) {
		while (cursor_peek(&c, 0) == '(' || (cursor_peek(&c, 0) >= '\t' && cursor_peek(&c, 0) <= ' '))
			cursor_skip(&c, 1);
		if (!cursor_starts_with(&c, "/*") || (end = cursor_find_nocase(&c, "*/")) < 0)
			break;
		cursor_skip(&c, (size_t)end + 2);
	}
	for (size_t i = 0; i < sizeof(sql_verbs) / sizeof(sql_verbs[0]); i++)
		if (cursor_starts_with_nocase(&c, sql_verbs[i]) && ends_word(cursor_peek(&c, strlen(sql_verbs[i]))))
			return true;
	return false;
}

/* Whether body, of which the first bytes are here, is a command we can be sure of. */
static bool
is_command(struct cursor body, size_t whole)
{
	switch (cursor_u8(&body)) {
	case COM_PING:
		return whole == 1;
	case COM_STMT_EXECUTE: /* statement id, flags, Int32 iteration count, which is always 1 */
		cursor_skip(&body, 4);
		return cursor_u8(&body) <= 0x0f && cursor_u32le(&body) == 1 && cursor_ok(&body);
	case COM_QUERY:
		/* With CLIENT_QUERY_ATTRIBUTES: no parameters, in one set. */
		if (cursor_peek(&body, 0) == 0 && cursor_peek(&body, 1) == 1)
			cursor_skip(&body, 2);
		return is_statement(body);
	case COM_STMT_PREPARE:
		return is_statement(body);
	default:
		return false;
	}
}

/* Whether bytes may be the beginning of a command, of which not all we look at is here. */
static bool
may_be_command(struct cursor c)
{
	switch (cursor_peek(&c, 0)) {
	case COM_QUERY:
	case COM_STMT_PREPARE:
		cursor_skip(&c, cursor_peek(&c, 1) == 0 ? 3 : 1);
		return cursor_is_text(c);
	case COM_STMT_EXECUTE:
	case COM_STMT_CLOSE:
	case -1:
		return true;
	default:
		return false;
	}
}

/*
 * Reads one command off *bytes; of a long one its beginning is enough. COM_STMT_CLOSE, which has
 * no answer, is passed over.
 */
static enum verdict
read_command(struct cursor *bytes)
{
	struct cursor c = *bytes;
	uint32_t size;
	size_t shown;

	for (;;) {
		size = cursor_u24le(&c);
		if (cursor_left(&c) == 0)
			return NEED_MORE;
		if (cursor_u8(&c) != 0 || size == 0)
			return NO_MATCH;
		shown = size < MYSQL_COMMAND_SHOWN ? size : MYSQL_COMMAND_SHOWN;
		if (cursor_left(&c) < shown)
			return may_be_command(c) ? NEED_MORE : NO_MATCH;
		if (size != 5 || cursor_peek(&c, 0) != COM_STMT_CLOSE)
			break;
		cursor_skip(&c, size);
	}
	if (!is_command(cursor_sub(&c, shown), size))
		return NO_MATCH;
	*bytes = c;
	return MATCH;
}

/* The same inside the compressed protocol, where short packets are left as they are. */
static enum verdict
read_compressed_command(struct cursor *bytes)
{
	struct cursor c = *bytes, inner;
	uint32_t size = cursor_u24le(&c);
	enum verdict verdict;

	cursor_skip(&c, 1);
	if (cursor_u24le(&c) != 0 || size <= MYSQL_HEADER_SIZE)
		return NO_MATCH;
	if (!cursor_ok(&c))
		return NEED_MORE;
	inner = c;
	if (cursor_u24le(&inner) != size - MYSQL_HEADER_SIZE && cursor_ok(&inner))
		return NO_MATCH;
	verdict = read_command(&c);
	if (verdict == MATCH)
		*bytes = c;
	return verdict;
}

enum verdict
mysql_find_command(struct cursor *bytes, bool *compressed)
{
	enum verdict verdict = read_command(bytes);

	*compressed = false;
	if (verdict != NO_MATCH)
		return verdict;
	*compressed = true;
	return read_compressed_command(bytes);
}

/* Protocol::ColumnDefinition41: "def", five names, 12 bytes of fixed fields, two zeros. */
static bool
is_column_definition(struct cursor c)
{
	struct cursor catalog = mysql_take_lenenc_string(&c);

	if (!cursor_equals(&catalog, "def"))
		return false;
	for (int i = 0; i < 5; i++)
		(void)mysql_take_lenenc_string(&c);
	/* MariaDB may add its extended metadata here. */
	if (cursor_left(&c) > 1 + 0x0c)
		(void)mysql_take_lenenc_string(&c);
	if (cursor_u8(&c) != 0x0c)
		return false;
	cursor_skip(&c, 2 + 4 + 1 + 2 + 1);
	return mysql_take_zeros(&c, 2) && cursor_ok(&c);
}

/* COM_STMT_PREPARE_OK: 0, statement id, columns, parameters, 0, warnings. */
static bool
is_prepare_ok(struct cursor c)
{
	size_t size = cursor_left(&c);

	if (cursor_u8(&c) != 0 || size < 12 || size > 13)
		return false;
	cursor_skip(&c, 4 + 2 + 2);
	return cursor_u8(&c) == 0;
}

/* A count of columns: alone, or with a byte that says whether definitions follow. */
static bool
is_column_count(struct cursor c)
{
	if (cursor_left(&c) == 2 && cursor_peek(&c, 0) <= 1)
		cursor_skip(&c, 1);
	return mysql_take_lenenc(&c) > 0 && cursor_left(&c) <= 1 && cursor_ok(&c);
}

enum verdict
mysql_find_answer(struct cursor bytes, bool *alone)
{
	struct mysql_packet first, second;
	struct mysql_error error;
	size_t size;

	*alone = false;
	if (cursor_left(&bytes) >= MYSQL_HEADER_SIZE && cursor_peek(&bytes, 3) != 1)
		return NO_MATCH;
	if (!mysql_take_packet(&bytes, &first, &size))
		return size <= MYSQL_HEADER_SIZE + MYSQL_GREETING_MAX ? NEED_MORE : NO_MATCH;
	if (mysql_read_error(first.body, &error)) {
		*alone = error.sqlstate[0] != '\0';
		return MATCH;
	}
	if (cursor_peek(&first.body, 0) == 0 && mysql_is_ok_packet(first.body) && !is_prepare_ok(first.body))
		return MATCH;
	if (cursor_peek(&first.body, 0) == 0xfe && cursor_left(&first.body) == 5)
		return MATCH; /* EOF_Packet */
	if (!is_prepare_ok(first.body) && !is_column_count(first.body))
		return NO_MATCH;
	if (!mysql_take_packet(&bytes, &second, &size)) {
		/* A prepared statement without columns and parameters is all there is. */
		if (cursor_left(&bytes) == 0 && is_prepare_ok(first.body))
			return MATCH;
		return size <= MYSQL_HEADER_SIZE + MYSQL_GREETING_MAX ? NEED_MORE : NO_MATCH;
	}
	*alone = second.sequence == 2 && is_column_definition(second.body);
	return *alone ? MATCH : NO_MATCH;
}

enum verdict
mysql_find_compressed_answer(struct cursor bytes, bool *alone)
{
	struct cursor c = bytes;
	uint32_t size = cursor_u24le(&c), before;

	*alone = false;
	cursor_skip(&c, 1);
	before = cursor_u24le(&c);
	if (!cursor_ok(&c) || cursor_left(&c) < 4)
		return NEED_MORE;
	if (before == 0)
		return mysql_find_answer(c, alone);
	if (before <= size)
		return NO_MATCH;
	if (cursor_u32(&(struct cursor){ .at = c.at, .left = c.left }) == 0x28b52ffd)
		return MATCH;
	return cursor_u8(&c) == 0x78 && (0x7800 | cursor_u8(&c)) % 31 == 0 ? MATCH : NO_MATCH;
}
