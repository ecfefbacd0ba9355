/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MongoDB conversations, written from the specifications of the wire protocol and of authentication:
 * each mechanism and its outcomes, what is answered to anybody and what is not, the operations
 * before OP_MSG, losses, and what MongoDB must not be taken for.
 */
#include <config.h>

#include "buffer.h"
#include "scenario.h"

/* Documents are written as name:value with values 1 (int32), 1.0 (double), 'text', <bytes, ~ for NUL>, {...}, T, F and N. */

static void
put_u32(struct buffer *b, uint32_t value)
{
	uint8_t bytes[4] = { (uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24) };

	put(b, bytes, 4);
}

static void
set_u32(struct buffer *b, size_t at, size_t value)
{
	size_t end = b->size;

	b->size = at;
	put_u32(b, (uint32_t)value);
	b->size = end;
}

static const char *put_document(struct buffer *b, const char *text);

static const char *
put_value(struct buffer *b, size_t type_at, const char *text)
{
	char *end;
	double number;
	size_t size;

	switch (*text) {
	case '{':
		b->bytes[type_at] = 3;
		return put_document(b, text + 1);
	case '\'':
		b->bytes[type_at] = 2;
		size = (size_t)(strchr(text + 1, '\'') - text - 1);
		put_u32(b, (uint32_t)size + 1);
		put(b, text + 1, size);
		put(b, "", 1);
		return text + size + 2;
	case '<':
		b->bytes[type_at] = 5;
		size = (size_t)(strchr(text, '>') - text - 1);
		put_u32(b, (uint32_t)size);
		put(b, "", 1);
		for (size_t i = 0; i < size; i++)
			put(b, text[1 + i] == '~' ? "" : &text[1 + i], 1);
		return text + size + 2;
	case 'N':
		b->bytes[type_at] = 0x0a;
		return text + 1;
	case 'T':
	case 'F':
		b->bytes[type_at] = 8;
		put(b, *text == 'T' ? "\1" : "\0", 1);
		return text + 1;
	default:
		number = strtod(text, &end);
		b->bytes[type_at] = memchr(text, '.', (size_t)(end - text)) != NULL ? 1 : 0x10;
		if (b->bytes[type_at] == 1)
			put(b, &number, 8);
		else
			put_u32(b, (uint32_t)(int32_t)number);
		return end;
	}
}

/* Up to the end or "}"; returns what is behind it. */
static const char *
put_document(struct buffer *b, const char *text)
{
	size_t start = b->size;

	put_u32(b, 0);
	while (*text != '\0' && *text != '}') {
		const char *colon;
		size_t type_at;

		if (*text == ' ') {
			text++;
			continue;
		}
		colon = strchr(text, ':');
		type_at = b->size;
		put(b, "", 1);
		put(b, text, (size_t)(colon - text));
		put(b, "", 1);
		text = put_value(b, type_at, colon + 1);
	}
	put(b, "", 1);
	set_u32(b, start, b->size - start);
	return *text == '}' ? text + 1 : text;
}

/* Messages. A step is a letter for its kind and a document. */

static uint32_t last_id;

static uint32_t
opcode_of(char kind)
{
	switch (kind) {
	case 'q':
	case 'Q':
		return 2004;
	case 'R':
	case 'E':
	case 'D':
		return 1;
	case 'i':
		return 2002;
	case 'u':
		return 2001;
	case 'd':
		return 2006;
	case 'g':
		return 2005;
	case 'k':
		return 2007;
	case 'c':
		return 2010;
	case 'C':
		return 2011;
	case 'z':
	case 'Z':
	case 'n':
		return 2012;
	default:
		return 2013;
	}
}

static bool
is_answer(char kind)
{
	return kind != '\0' && strchr("MRECZDXU", kind) != NULL;
}

static void
put_body(struct buffer *b, char kind, const char *text)
{
	size_t at;

	switch (kind) {
	case 'q': /* OP_QUERY of a command */
	case 'Q': /* of a collection */
		put_u32(b, 4);
		put(b, kind == 'q' ? "admin.$cmd" : "shop.fruit", 11);
		put(b, "\0\0\0\0\xff\xff\xff\xff", 8);
		put_document(b, text);
		break;
	case 'R': /* OP_REPLY */
	case 'E': /* ... of a query that failed */
	case 'D': /* ... with two documents */
		put(b, kind == 'E' ? "\2\0\0\0" : "\0\0\0\0", 4);
		put(b, "\0\0\0\0\0\0\0\0\0\0\0\0", 12);
		put_u32(b, kind == 'D' ? 2 : 1);
		put_document(b, text);
		if (kind == 'D')
			put_document(b, text);
		break;
	case 'i':
		put(b, "\0\0\0\0shop.fruit", 15);
		put_document(b, text);
		break;
	case 'u':
		put(b, "\0\0\0\0shop.fruit\0\0\0\0\0", 19);
		put_document(b, text);
		put_document(b, text);
		break;
	case 'd':
		put(b, "\0\0\0\0shop.fruit\0\0\0\0\0", 19);
		put_document(b, text);
		break;
	case 'g':
		put(b, "\0\0\0\0shop.fruit\0\5\0\0\0\1\0\0\0\0\0\0\0", 27);
		break;
	case 'k':
		put(b, "\0\0\0\0\1\0\0\0\1\0\0\0\0\0\0\0", 16);
		break;
	case 'c': /* the command's name is that of the document's first element */
		put(b, "admin", 6);
		put(b, text, (size_t)(strchr(text, ':') - text));
		put(b, "", 1);
		put_document(b, text);
		put_document(b, "");
		break;
	case 'C':
		put_document(b, text);
		put_document(b, "");
		break;
	case 'z': /* snappy */
	case 'Z':
		put_u32(b, 2013);
		put_u32(b, 100);
		put(b, "\1nobody reads this", 18);
		break;
	case 'n': /* "compressed" by nothing */
		put_u32(b, 2013);
		at = b->size;
		put_u32(b, 0);
		put(b, "", 1);
		put(b, "\0\0\0\0\0", 5);
		put_document(b, text);
		set_u32(b, at, b->size - at - 5);
		break;
	case 's': /* a sequence of documents before the body */
		put(b, "\0\0\0\0\1", 5);
		at = b->size;
		put_u32(b, 0);
		put(b, "documents", 10);
		put_document(b, "a:1");
		put_document(b, "a:2");
		set_u32(b, at, b->size - at);
		put(b, "", 1);
		put_document(b, text);
		break;
	case 'x': /* a checksum */
	case 'X':
		put(b, "\1\0\0\0\0", 5);
		put_document(b, text);
		put(b, "\1\2\3\4", 4);
		break;
	case 'o': /* more to come */
		put(b, "\2\0\0\0\0", 5);
		put_document(b, text);
		break;
	default: /* 'm', 'M', and 'U', which answers nothing that was asked */
		put(b, "\0\0\0\0\0", 5);
		put_document(b, text);
	}
}

static void
put_message(struct buffer *b, const char *step)
{
	size_t start = b->size;

	put_u32(b, 0);
	put_u32(b, is_answer(step[0]) ? 0x5000 : ++last_id);
	/* What answers nothing: 0 in our days, all ones before. */
	put_u32(b, step[0] == 'U' ? 0x7777 : is_answer(step[0]) ? last_id : last_id % 2 == 0 ? 0 : UINT32_MAX);
	put_u32(b, opcode_of(step[0]));
	put_body(b, step[0], step + 1);
	set_u32(b, start, b->size - start);
}

#define DB " $db:'admin'"
#define HELLO "mhello:1" DB
#define HELLO_SCRAM "misMaster:1 speculativeAuthenticate:{saslStart:1 mechanism:'SCRAM-SHA-256' payload:<n,,n=ann,r=abcd> db:'admin'}" DB
#define START(mechanism, payload) "msaslStart:1 mechanism:'" mechanism "' payload:<" payload ">" DB
#define SCRAM_START START("SCRAM-SHA-256", "n,,n=ann,r=abcd")
#define CONTINUE "msaslContinue:1 conversationId:1 payload:<c=biws,r=abcdefgh,p=xx>" DB
#define EMPTY_CONTINUE "msaslContinue:1 conversationId:1 payload:<>" DB
#define STEP_ANSWER "MconversationId:1 done:F payload:<r=abcdefgh,s=xx,i=15000> ok:1.0"
#define DONE_ANSWER "MconversationId:1 done:T payload:<v=xx> ok:1.0"
#define OK "Mok:1.0"
#define ISMASTER_ANSWER "Mismaster:T maxWireVersion:9 ok:1.0"
#define AUTH_FAILED "Mok:0.0 errmsg:'Authentication failed.' code:18 codeName:'AuthenticationFailed'"
#define FIND "mfind:'fruit' filter:{} $db:'shop'"
#define FOUND "Mcursor:{firstBatch:{} id:0} ok:1.0"
#define UNAUTHORIZED "Mok:0.0 errmsg:'command find requires authentication' code:13 codeName:'Unauthorized'"
#define NOT_AUTHORIZED "Mok:0.0 errmsg:'not authorized on shop to execute command { find: \"fruit\" }' code:13 codeName:'Unauthorized'"

static const struct scripted_scenario scenarios[] = {
	{ "served", { HELLO, ISMASTER_ANSWER, FIND, FOUND }, AUTH_NONE, NULL, false },
	{ "hello says nothing", { HELLO, ISMASTER_ANSWER, "mping:1" DB, OK, "mbuildinfo:1" DB, "Mversion:'7.0.0' ok:1.0" }, AUTH_UNKNOWN, NULL, false },
	{ "unanswered", { HELLO, ISMASTER_ANSWER, FIND }, AUTH_UNKNOWN, NULL, false },
	{ "an answer to something else", { FIND, "Ucursor:{} ok:1.0" }, AUTH_UNKNOWN, NULL, false },
	{ "an error", { FIND, "Mok:0.0 errmsg:'no such command' code:59" }, AUTH_UNKNOWN, NULL, false },
	{ "nobody logged in", { HELLO, ISMASTER_ANSWER, FIND, UNAUTHORIZED }, AUTH_FAILURE, NULL, false },
	{ "nobody logged in, then somebody", { FIND, UNAUTHORIZED, SCRAM_START, STEP_ANSWER, CONTINUE, DONE_ANSWER }, AUTH_SUCCESS, "scram-sha-256", false },
	{ "SCRAM", { HELLO, ISMASTER_ANSWER, SCRAM_START, STEP_ANSWER, CONTINUE, "MconversationId:1 done:F payload:<v=xx> ok:1.0", EMPTY_CONTINUE, DONE_ANSWER, FIND, FOUND }, AUTH_SUCCESS, "scram-sha-256", false },
	{ "SCRAM without the empty exchange", { SCRAM_START, STEP_ANSWER, CONTINUE, DONE_ANSWER }, AUTH_SUCCESS, "scram-sha-256", false },
	{ "SCRAM-SHA-1", { START("SCRAM-SHA-1", "n,,n=ann,r=abcd"), STEP_ANSWER, CONTINUE, DONE_ANSWER }, AUTH_SUCCESS, "scram-sha-1", false },
	{ "SCRAM not done", { SCRAM_START, STEP_ANSWER, CONTINUE, "MconversationId:1 done:F payload:<v=xx> ok:1.0" }, AUTH_ATTEMPTED, "scram-sha-256", false },
	{ "SCRAM refused", { SCRAM_START, STEP_ANSWER, CONTINUE, AUTH_FAILED }, AUTH_FAILURE, "scram-sha-256", false },
	{ "SCRAM refused, served nevertheless", { SCRAM_START, AUTH_FAILED, FIND, FOUND }, AUTH_NONE, "scram-sha-256", false },
	{ "SCRAM in hello", { HELLO_SCRAM, "Mismaster:T speculativeAuthenticate:{conversationId:1 done:F payload:<r=ab>} ok:1.0", CONTINUE, DONE_ANSWER }, AUTH_SUCCESS, "scram-sha-256", false },
	{ "SCRAM in hello, not taken up, by another", { HELLO_SCRAM, ISMASTER_ANSWER, START("SCRAM-SHA-1", "n,,n=ann,r=abcd"), STEP_ANSWER, CONTINUE, DONE_ANSWER }, AUTH_SUCCESS, "scram-sha-1", false },
	{ "SCRAM in hello, not taken up", { HELLO_SCRAM, ISMASTER_ANSWER }, AUTH_ATTEMPTED, "scram-sha-256", false },
	{ "SCRAM in hello, refused", { HELLO_SCRAM, ISMASTER_ANSWER, SCRAM_START, "Mok:0.0 errmsg:'no such user' code:11" }, AUTH_FAILURE, "scram-sha-256", false },
	{ "SCRAM refused, and tried again", { SCRAM_START, AUTH_FAILED, START("SCRAM-SHA-1", "n,,n=ann,r=abcd") }, AUTH_ATTEMPTED, "scram-sha-256", false },
	{ "nobody logged in, then refused", { FIND, UNAUTHORIZED, SCRAM_START, AUTH_FAILED }, AUTH_FAILURE, "scram-sha-256", false },
	{ "an error that is not about who", { SCRAM_START, "Mok:0.0 errmsg:'shutting down' code:91" }, AUTH_ATTEMPTED, "scram-sha-256", false },
	{ "then not allowed", { SCRAM_START, STEP_ANSWER, CONTINUE, DONE_ANSWER, FIND, NOT_AUTHORIZED }, AUTH_SUCCESS, "scram-sha-256", false, NOTE(NOT_PERMITTED) },
	{ "not allowed, nobody logged in", { FIND, NOT_AUTHORIZED }, AUTH_FAILURE, NULL, false },
	{ "PLAIN", { START("PLAIN", "~ann~lemon"), DONE_ANSWER }, AUTH_SUCCESS, "sasl-plain", true },
	{ "PLAIN refused", { START("PLAIN", "~ann~lemon"), AUTH_FAILED }, AUTH_FAILURE, "sasl-plain", true },
	{ "PLAIN without a password", { START("PLAIN", "~ann~"), AUTH_FAILED }, AUTH_FAILURE, "sasl-plain", false },
	{ "PLAIN in base64", { "msaslStart:1 mechanism:'PLAIN' payload:'AGFubgBsZW1vbg==' autoAuthorize:1" DB, DONE_ANSWER }, AUTH_SUCCESS, "sasl-plain", true },
	{ "PLAIN of another form", { "msaslStart:1 mechanism:'PLAIN' payload:'AGFubg=='" DB }, AUTH_ATTEMPTED, "sasl-plain", false },
	{ "GSSAPI", { START("GSSAPI", "`xx"), STEP_ANSWER, EMPTY_CONTINUE, DONE_ANSWER }, AUTH_SUCCESS, "sasl-gssapi", false },
	{ "AWS", { START("MONGODB-AWS", "xx"), STEP_ANSWER, EMPTY_CONTINUE, DONE_ANSWER }, AUTH_SUCCESS, "mongodb-aws", false },
	{ "OIDC, a user first", { START("MONGODB-OIDC", "\x13~~~\x02n~\4~~~ann~~~"), STEP_ANSWER }, AUTH_ATTEMPTED, "mongodb-oidc", false },
	{ "OIDC", { START("MONGODB-OIDC", "\x12~~~\x02jwt~\4~~~a.b~~"), DONE_ANSWER }, AUTH_SUCCESS, "mongodb-oidc", true },
	{ "OIDC in two steps", { START("MONGODB-OIDC", ""), STEP_ANSWER, "msaslContinue:1 conversationId:1 payload:<\x12~~~\x02jwt~\4~~~a.b~~>" DB, DONE_ANSWER }, AUTH_SUCCESS, "mongodb-oidc", true },
	{ "a mechanism nobody knows", { START("LEMON", "a"), AUTH_FAILED }, AUTH_FAILURE, "sasl-other", false },
	{ "X.509", { "mauthenticate:1 mechanism:'MONGODB-X509' user:'CN=ann' $db:'$external'", "Mdbname:'$external' user:'CN=ann' ok:1.0" }, AUTH_SUCCESS, "mongodb-x509", false },
	{ "X.509 refused", { "mauthenticate:1 mechanism:'MONGODB-X509' $db:'$external'", AUTH_FAILED }, AUTH_FAILURE, "mongodb-x509", false },
	{ "X.509 in hello", { "mhello:1 speculativeAuthenticate:{authenticate:1 mechanism:'MONGODB-X509' db:'$external'}" DB, "Mok:1 speculativeAuthenticate:{dbname:'$external' user:'CN=ann'}" }, AUTH_SUCCESS, "mongodb-x509", false },
	{ "the old challenge", { "qgetnonce:1", "Rnonce:'ab' ok:1.0", "qauthenticate:1 user:'ann' nonce:'ab' key:'cd'", "Rok:1.0", "Qa:1", "Ra:1" }, AUTH_SUCCESS, "mongodb-cr", false },
	{ "the old challenge refused", { "qgetnonce:1", "Rnonce:'ab' ok:1.0", "qauthenticate:1 user:'ann' nonce:'ab' key:'cd'", "Rerrmsg:'auth fails' ok:0.0" }, AUTH_FAILURE, "mongodb-cr", false },
	{ "OP_QUERY", { "qisMaster:1", "Rismaster:T ok:1.0", "Q$query:{a:1}", "Dok:0 code:13" }, AUTH_NONE, NULL, false },
	{ "OP_QUERY, one document", { "Qa:1", "Rok:0 code:13" }, AUTH_NONE, NULL, false },
	{ "OP_QUERY, an error", { "Qa:1", "E$err:'overflow' code:17" }, AUTH_UNKNOWN, NULL, false },
	{ "OP_QUERY, not allowed", { "Qa:1", "E$err:'not authorized for query on shop.fruit' code:16550" }, AUTH_FAILURE, NULL, false },
	{ "OP_QUERY, not allowed, older", { "Qa:1", "E$err:'unauthorized db:shop ns:shop.fruit'" }, AUTH_FAILURE, NULL, false },
	{ "OP_QUERY of a wrapped command", { "q$query:{listDatabases:1} $readPreference:{mode:'x'}", "Rdatabases:{} ok:1.0" }, AUTH_NONE, NULL, false },
	{ "OP_QUERY of a wrapped hello", { "qquery:{ismaster:1}", "Rismaster:T ok:1.0" }, AUTH_UNKNOWN, NULL, false },
	{ "OP_QUERY of a command, not allowed", { "qlistDatabases:1", "E$err:'not authorized on admin' code:13" }, AUTH_FAILURE, NULL, false },
	{ "OP_GET_MORE", { "g", "Ra:1" }, AUTH_NONE, NULL, false },
	{ "operations without an answer", { "ia:1", "ua:1", "da:1", "k", "qgetlasterror:1", "Rn:0 ok:1.0" }, AUTH_UNKNOWN, NULL, false },
	{ "a write, and whether it was done", { "ia:1", "qgetlasterror:1", "Rn:0 err:N ok:1.0" }, AUTH_NONE, NULL, false },
	{ "a write, and that it was not", { "ia:1", "qgetlasterror:1", "Rn:0 err:'duplicate key' ok:1.0" }, AUTH_UNKNOWN, NULL, false },
	{ "a write that was not allowed", { "ia:1", "qgetlasterror:1", "Rn:0 err:'not authorized for insert on shop.fruit' code:16544 ok:1.0" }, AUTH_FAILURE, NULL, false },
	{ "no write", { "qgetlasterror:1", "Rn:0 err:N ok:1.0" }, AUTH_UNKNOWN, NULL, false },
	{ "OP_COMMAND", { "cfind:'fruit'", "Ccursor:{} ok:1.0" }, AUTH_NONE, NULL, false },
	{ "OP_COMMAND with a login", { "cisMaster:1", "Cok:1.0", "csaslStart:1 mechanism:'PLAIN' payload:<~ann~lemon>", "Cdone:T ok:1.0" }, AUTH_SUCCESS, "sasl-plain", true },
	{ "compressed", { HELLO, ISMASTER_ANSWER, "z", "Z" }, AUTH_UNKNOWN, NULL, false },
	{ "compressed by nothing", { "nfind:'fruit'", "Mcursor:{} ok:1" }, AUTH_NONE, NULL, false },
	{ "a sequence of documents", { "sinsert:'fruit' $db:'shop'", "Mn:2 ok:1.0" }, AUTH_NONE, NULL, false },
	{ "checksums", { "xfind:'fruit' $db:'shop'", "Xcursor:{} ok:1.0" }, AUTH_NONE, NULL, false },
	{ "more to come", { "oinsert:'fruit' $db:'shop'", "Mn:1 ok:1.0" }, AUTH_UNKNOWN, NULL, false },
	{ "a new password", { SCRAM_START, STEP_ANSWER, CONTINUE, DONE_ANSWER, "mcreateUser:'bob' pwd:'plum' $db:'shop'", OK }, AUTH_SUCCESS, "scram-sha-256", true },
	{ "a hello that is unauthorized", { HELLO, UNAUTHORIZED }, AUTH_FAILURE, NULL, false },
	{ "heartbeat", { "mreplSetHeartbeat:'rs0' $db:'admin'", "Mok:1.0 state:1" }, AUTH_NONE, NULL, false, NOTE(REPLICATION) },
};

static struct buffer buffers[SCENARIO_MESSAGES];

static size_t
write_script(struct message *messages, const char *const steps[])
{
	size_t count = 0;

	last_id = 0x40;
	for (; count < SCENARIO_MESSAGES && steps[count] != NULL; count++) {
		buffers[count].size = 0;
		put_message(&buffers[count], steps[count]);
		messages[count] = (struct message){ is_answer(steps[count][0]) ? FROM_SERVER : FROM_CLIENT, buffers[count].bytes, buffers[count].size };
	}
	return count;
}

static void
outcomes(void **state)
{
	(void)state;
	scripts_check(&mongodb_dissector, "mongodb", scenarios, COUNT_OF(scenarios), write_script);
}

static void
notes(void **state)
{
	static const struct {
		const char *steps[SCENARIO_MESSAGES];
		enum note note;
	} list[] = {
		{ { SCRAM_START, STEP_ANSWER, CONTINUE, DONE_ANSWER, FIND, NOT_AUTHORIZED }, NOTE_NOT_PERMITTED },
		{ { "mreplSetUpdatePosition:1 $db:'admin'" }, NOTE_REPLICATION },
	};
	struct message messages[SCENARIO_MESSAGES];
	size_t count;
	struct conversation c;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(list); i++) {
		count = write_script(messages, list[i].steps);
		conversation_init(&c, &mongodb_dissector);
		conversation_run(&c, messages, count, 0);
		assert_int_equal(c.evidence.notes, 1u << list[i].note);
		conversation_clear(&c);
	}
}

static void
principals(void **state)
{
	static const struct {
		const char *step, *principal;
	} list[] = {
		{ SCRAM_START, "ann" },
		{ HELLO_SCRAM, "ann" },
		{ START("PLAIN", "~ann~lemon"), "ann" },
		{ START("SCRAM-SHA-256", "y,,n=ann,r=abcd"), "" },
		{ START("SCRAM-SHA-256", "n,,n=ann"), "" },
		{ "mauthenticate:1 mechanism:'MONGODB-X509' user:'CN=ann,O=Example' $db:'$external'", "CN=ann,O=Example" },
		{ "qauthenticate:1 user:'ann' nonce:'ab' key:'cd'", "ann" },
	};
	struct message messages[SCENARIO_MESSAGES];
	size_t count;
	struct conversation c;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(list); i++) {
		const char *const steps[SCENARIO_MESSAGES] = { list[i].step };

		count = write_script(messages, steps);
		conversation_init(&c, &mongodb_dissector);
		c.evidence.want_principals = true;
		conversation_run(&c, messages, count, 0);
		assert_string_equal(c.evidence.authentication.principal, list[i].principal);
		conversation_clear(&c);
	}
}

/* Messages that are too long to wait for. */
static void
long_messages(void **state)
{
	static const struct {
		const char *request, *answer;
		enum auth_result result;
	} list[] = {
		{ FIND, "Mcursor:{firstBatch:{} x:'", AUTH_NONE },
		{ FIND, "Mok:1 x:{x:'", AUTH_UNKNOWN },
		{ "Qa:1", "Ra:{x:'", AUTH_NONE },
		{ "Qa:1", "Ea:{x:'", AUTH_UNKNOWN },
		{ "qfind:1", "Ra:{x:'", AUTH_UNKNOWN },
		{ "minsert:'fruit' x:{x:'", "Mn:1 ok:1", AUTH_NONE },
		{ "sinsert:'fruit' x:{x:'", "Mn:1 ok:1", AUTH_NONE },
		{ "mping:1 x:{x:'", "Mok:1", AUTH_UNKNOWN },
		{ "Qx:{x:'", "Ra:1", AUTH_NONE },
		{ "qinsert:{x:'", "Rok:1", AUTH_UNKNOWN },
		{ "ix:{x:'", "Rok:1", AUTH_UNKNOWN },
	};
	static char texts[2][50000];
	struct message messages[SCENARIO_MESSAGES];
	size_t count;
	struct conversation c;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(list); i++) {
		const char *steps[SCENARIO_MESSAGES] = { texts[0], texts[1] };

		for (size_t j = 0; j < 2; j++) {
			const char *text = j == 0 ? list[i].request : list[i].answer;
			size_t size = strlen(text);

			memcpy(texts[j], text, size + 1);
			if (text[size - 1] == '\'' && strstr(text, "{x:'") != NULL) {
				memset(texts[j] + size, 'x', 40000);
				memcpy(texts[j] + size + 40000, "'}", 3);
			} else if (strstr(text, " x:'") != NULL) {
				memset(texts[j] + size, 'x', 40000);
				memcpy(texts[j] + size + 40000, "'} ok:1", 8);
			}
		}
		for (size_t chunk = 0; chunk < 1500; chunk += 1400) {
			count = write_script(messages, steps);
			conversation_init(&c, &mongodb_dissector);
			conversation_run(&c, messages, count, chunk);
			if (c.evidence.authentication.result != list[i].result)
				fail_msg("%s: %s", list[i].request, auth_result_names[c.evidence.authentication.result]);
			conversation_clear(&c);
		}
	}
}

/* What is missing is no proof of anything; what is there still counts. */
static void
losses(void **state)
{
	static const struct scripted_loss list[] = {
		{ { HELLO, ISMASTER_ANSWER, FIND, FOUND }, 2, FROM_CLIENT, AUTH_UNKNOWN },
		{ { HELLO, ISMASTER_ANSWER, FIND, FOUND }, 3, FROM_SERVER, AUTH_UNKNOWN },
		{ { FIND, FOUND, FIND, FOUND }, 3, FROM_SERVER, AUTH_NONE },
		{ { SCRAM_START, STEP_ANSWER, CONTINUE, DONE_ANSWER }, 1, FROM_SERVER, AUTH_SUCCESS },
		{ { FIND, NOT_AUTHORIZED }, 1, FROM_SERVER, AUTH_UNKNOWN },
		{ { FIND, UNAUTHORIZED }, 1, FROM_SERVER, AUTH_FAILURE },
		{ { FIND, "Uok:0.0 errmsg:'command find requires authentication' code:13" }, 1, FROM_SERVER, AUTH_FAILURE },
		{ { FIND, "Uok:0.0 errmsg:'not authorized on shop' code:13" }, 0, FROM_SERVER, AUTH_UNKNOWN },
	};

	(void)state;
	script_losses_check(&mongodb_dissector, "the rest of some message", list, COUNT_OF(list), write_script);
}

static void
midstream(void **state)
{
	static const char *const steps[SCENARIO_MESSAGES] = { FIND, FOUND, START("PLAIN", "~ann~lemon"), DONE_ANSWER };
	struct message messages[SCENARIO_MESSAGES];
	struct conversation c;

	(void)state;
	(void)write_script(messages, steps);
	conversation_init_midstream(&c, &mongodb_dissector);
	conversation_send(&c, FROM_SERVER, "tail of a message that began before", 35);
	for (size_t i = 0; i < 2; i++)
		conversation_send(&c, messages[i].from, messages[i].bytes, messages[i].size);
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	for (size_t i = 2; i < 4; i++)
		conversation_send(&c, messages[i].from, messages[i].bytes, messages[i].size);
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	conversation_clear(&c);
}

static enum verdict
probe(const void *bytes, size_t size, enum direction from, bool roles_known, enum strength *strength)
{
	const struct flow_view flow = { .client_port = 40000, .server_port = 1, .roles_known = roles_known };

	return probe_bytes(&mongodb_dissector, &flow, from, bytes, size, strength);
}

static void
probes_of_messages(void **state)
{
	struct message messages[SCENARIO_MESSAGES];
	size_t count;
	enum strength strength;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(scenarios); i++) {
		count = write_script(messages, scenarios[i].steps);
		for (size_t j = 0; j < count; j++) {
			const struct message *m = &messages[j];
			enum verdict before = NEED_MORE;

			for (size_t size = 0; size <= m->size; size++) {
				enum verdict verdict = probe(m->bytes, size, m->from, false, &strength);

				assert_true(verdict == before || (before == NEED_MORE && verdict == MATCH));
				before = verdict;
			}
			assert_int_equal(before, MATCH);
			assert_int_equal(strength, STRENGTH_STRUCTURE);
			assert_int_equal(probe(m->bytes, m->size, 1 - m->from, false, &strength), NO_MATCH);
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
		NEAR_MISS("\0\0\0\x08\x04\xd2\x16\x2f\0\0\0\0\0\0\0\0\0\0"),                                  /* PostgreSQL's SSLRequest */
		NEAR_MISS("\x20\0\0\0\1\0\0\0\0\0\0\0\xd4\7\0\0\0\0\0\0\1\2\0\0\0\0\0\0\5\0\0\0\0"),                 /* a name with control characters */
		NEAR_MISS("\x1a\0\0\0\1\0\0\0\0\0\0\0\xdd\7\0\0\4\0\0\0\0\5\0\0\0\0"),                               /* a flag there is not */
		NEAR_MISS("\x1a\0\0\0\1\0\0\0\0\0\0\0\xdd\7\0\0\0\0\0\0\0\6\0\0\0\0"),                               /* a document longer than its message */
		NEAR_MISS("\x1a\0\0\0\1\0\0\0\0\0\0\0\xdd\7\0\0\0\0\0\0\3\5\0\0\0\0"),                               /* a kind there is not */
		NEAR_MISS("\x1a\0\0\0\1\0\0\0\0\0\0\0\xda\7\0\0\0\0\0\0\0\5\0\0\0\0"),                               /* OP_COMMAND without names */
		NEAR_MISS("\x1a\0\0\0\1\0\0\0\0\0\0\0\xdc\7\0\0\xdc\7\0\0\5\0\0\0\0x"),                              /* compressed twice */
		NEAR_MISS("\x24\0\0\0\0\0\0\3\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\2\0\0\0\0\0\2\0\0\0\0\0\0"),            /* small numbers */
		NEAR_MISS("\x10\0\0\0\1\0\0\0\0\0\0\0\xdd\7\0\0"),                                                   /* too short */
		NEAR_MISS("\1\0\xff\x02\1\0\0\0\0\0\0\0\xdd\7\0\0"),                                                 /* too long */
		NEAR_MISS("\x24\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0"),            /* a document that is not there */
		NEAR_MISS("\x20\0\0\0\1\0\0\0\0\0\0\0\xd7\7\0\0\0\0\0\0\2\0\0\0\0\0\0\0\0\0\0\0"),                   /* fewer cursors than said */
		NEAR_MISS("\x26\0\0\0\1\0\0\0\0\0\0\0\xd3\7\0\0\0\0\0\0shop.fruit\0\5\0\0\0\0xx"),                   /* an operation of no use */
	};
	enum strength strength;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(list); i++) {
		if (probe(list[i].bytes, list[i].size, FROM_CLIENT, true, &strength) != NO_MATCH || probe(list[i].bytes, list[i].size, FROM_SERVER, true, &strength) != NO_MATCH)
			fail_msg("near miss %zu", i);
	}
}

/* Sound to the eye, but not in their lengths; and other bytes where a message should be. */
static void
hostile(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
	} list[] = {
		NEAR_MISS("\x26\0\0\0\1\0\0\0\0\0\0\0\xdd\7\0\0\0\0\0\0\0\x10\0\0\0\2a\0\xff\0\0\0xxxx\0x"),      /* a string longer than its document */
		NEAR_MISS("\x24\0\0\0\1\0\0\0\0\0\0\0\xdd\7\0\0\0\0\0\0\0\5\0\0\0\0\1\3\0\0\0a\0\0\0\0"),         /* a sequence shorter than its size */
		NEAR_MISS("\x24\0\0\0\1\0\0\0\0\0\0\0\xdd\7\0\0\0\0\0\0\0\5\0\0\0\0\1\x0a\0\0\0a\0\0\0\0"),       /* ... with half a document */
		NEAR_MISS("\x1f\0\0\0\1\0\0\0\0\0\0\0\xdd\7\0\0\0\0\0\0\0\5\0\0\0\0\0\5\0\0\0\0"),                 /* two bodies */
		NEAR_MISS("\x26\0\0\0\1\0\0\0\0\0\0\0\xd4\7\0\0\0\0\0\0a.b\0\0\0\0\0\0\0\0\0\6\0\0\0\0\0"),       /* behind the document something */
		NEAR_MISS("\x25\0\0\0\1\0\0\0\0\0\0\0\xd5\7\0\0\0\0\0\0a.b\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),            /* OP_GET_MORE that is too long */
		NEAR_MISS("\x24\0\0\0\1\0\0\0\0\0\0\0\xd2\7\0\0\0\0\0\0a.bcdef\0\5\0\0\0\1\0\0\0"),               /* OP_INSERT of no document */
	};
	struct conversation c;
	enum strength strength;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(list); i++) {
		if (probe(list[i].bytes, list[i].size, FROM_CLIENT, true, &strength) == MATCH)
			fail_msg("hostile %zu", i);
		conversation_init(&c, &mongodb_dissector);
		conversation_send(&c, FROM_CLIENT, list[i].bytes, list[i].size);
		if (c.verdict != NO_MATCH || c.evidence.protocol != NULL)
			fail_msg("hostile %zu", i);
		conversation_clear(&c);
	}
}

static void
malformed(void **state)
{
	static const char *const steps[SCENARIO_MESSAGES] = { HELLO, ISMASTER_ANSWER };
	struct message messages[SCENARIO_MESSAGES];
	struct conversation c;

	(void)state;
	(void)write_script(messages, steps);
	conversation_init(&c, &mongodb_dissector);
	conversation_run(&c, messages, 1, 0);
	c.over = false;
	conversation_send(&c, FROM_CLIENT, "GET / HTTP/1.1\r\n\r\n", 18);
	assert_int_equal(c.verdict, MALFORMED);
	conversation_clear(&c);
}

/* More requests under way than are remembered: the oldest are forgotten, and no answer is taken for another's. */
static void
many_requests(void **state)
{
	static struct buffer b;
	struct conversation c;

	(void)state;
	conversation_init(&c, &mongodb_dissector);
	last_id = 0x40;
	for (size_t i = 0; i < 40; i++) {
		b.size = 0;
		put_message(&b, i == 0 ? START("PLAIN", "~ann~lemon") : "mping:1" DB);
		conversation_send(&c, FROM_CLIENT, b.bytes, b.size);
	}
	b.size = 0;
	last_id = 0x41;
	put_message(&b, DONE_ANSWER);
	conversation_send(&c, FROM_SERVER, b.bytes, b.size);
	assert_int_equal(c.evidence.authentication.result, AUTH_ATTEMPTED);
	conversation_clear(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes),
		cmocka_unit_test(notes),
		cmocka_unit_test(principals),
		cmocka_unit_test(long_messages),
		cmocka_unit_test(losses),
		cmocka_unit_test(midstream),
		cmocka_unit_test(probes_of_messages),
		cmocka_unit_test(near_misses),
		cmocka_unit_test(hostile),
		cmocka_unit_test(malformed),
		cmocka_unit_test(many_requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
