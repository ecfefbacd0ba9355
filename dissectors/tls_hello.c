/* SPDX-License-Identifier: Apache-2.0 */
/* Reads ClientHello and ServerHello; the extensions are a table of small readers. */
#include <config.h>

#include "tls_hello.h"

#include <string.h>

enum {
	RANDOM_SIZE = 32,
	SSLV2_HELLO_SIZE_MIN = 9, /* of what the length counts: type, version and three lengths */
	CERTIFICATE_TYPE_X509 = 0, /* RFC 7250 3 */
};

/* Extension numbers (IANA "TLS ExtensionType Values"). */
enum {
	SERVER_NAME = 0,
	ALPN = 16,
	CLIENT_CERTIFICATE_TYPE = 19,
	SERVER_CERTIFICATE_TYPE = 20,
	ENCRYPT_THEN_MAC = 22,
	SESSION_TICKET = 35,
	DRAFT_KEY_SHARE = 40, /* the number of key_share up to draft 22 */
	PRE_SHARED_KEY = 41,
	EARLY_DATA = 42,
	SUPPORTED_VERSIONS = 43,
	KEY_SHARE = 51,
	APPLICATION_SETTINGS_OLD = 17513, /* draft-vvv-tls-alps; its two numbers, which no registry has */
	APPLICATION_SETTINGS = 17613,
	ENCRYPTED_CLIENT_HELLO = 65037,
};

/* SHA-256 of "HelloRetryRequest": the random that marks one (RFC 8446 4.1.3). */
static const uint8_t retry_random[RANDOM_SIZE] = {
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
	0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
};

/* What an extension's reader fills in; one of the two is NULL. */
struct hello {
	struct tls_client_hello *client;
	struct tls_server_hello *server;
};

struct extension {
	uint16_t type;
	/* Reads the extension's data; leaves the cursor failed or unread where it is damaged. */
	void (*read)(struct cursor *, struct hello);
};

static void
read_session_id(struct cursor *c, struct tls_session_id *id)
{
	uint8_t size = cursor_u8(c);
	const uint8_t *bytes;

	if (size > TLS_SESSION_ID_SIZE_MAX) {
		cursor_fail(c);
		return;
	}
	bytes = cursor_take(c, size);
	if (bytes == NULL)
		return;
	id->size = size;
	memcpy(id->bytes, bytes, size);
}

/* Letters, digits and "-._"; ":" for an address, which RFC 6066 3 forbids and clients send. */
static bool
is_host_name(struct cursor name)
{
	while (cursor_left(&name) > 0) {
		uint8_t b = cursor_u8(&name);
		uint8_t letter = b | 0x20;

		if (!(letter >= 'a' && letter <= 'z') && !(b >= '0' && b <= ':') && b != '-' && b != '.' && b != '_')
			return false;
	}
	return true;
}

/* RFC 6066 3: a list of names by type, of which 0, the host name, is the only one ever defined. */
static void
read_server_name(struct cursor *c, struct hello hello)
{
	struct cursor list = cursor_sub(c, cursor_u16(c));

	while (cursor_left(&list) > 0) {
		uint8_t type = cursor_u8(&list);
		struct cursor name = cursor_sub(&list, cursor_u16(&list));

		if (type == 0 && cursor_ok(&name) && name.left < sizeof(hello.client->sni) && hello.client->sni[0] == '\0' && is_host_name(name))
			cursor_copy_text(&name, hello.client->sni, sizeof(hello.client->sni));
	}
	if (!cursor_ok(&list))
		cursor_fail(c);
}

/* Printable and without the comma that separates names here: GREASE (RFC 8701) falls out. */
static bool
is_alpn_name(struct cursor name)
{
	if (cursor_left(&name) == 0)
		return false;
	while (cursor_left(&name) > 0) {
		uint8_t b = cursor_u8(&name);

		if (b <= ' ' || b > '~' || b == ',')
			return false;
	}
	return true;
}

/* Appends name to the comma-separated names in text, if all of it fits. */
static void
append_name(char *text, size_t size, struct cursor name)
{
	size_t length = strlen(text);

	if (length + 1 + name.left + 1 > size)
		return;
	if (length > 0)
		text[length++] = ',';
	cursor_copy_text(&name, text + length, size - length);
}

/* RFC 7301 3.1: a list of names. */
static void
read_alpn(struct cursor *c, struct hello hello)
{
	struct cursor list = cursor_sub(c, cursor_u16(c));

	while (cursor_left(&list) > 0) {
		struct cursor name = cursor_sub(&list, cursor_u8(&list));

		if (!cursor_ok(&name) || !is_alpn_name(name))
			continue;
		if (hello.client != NULL)
			append_name(hello.client->alpn, sizeof(hello.client->alpn), name);
		else
			cursor_copy_text(&name, hello.server->alpn, sizeof(hello.server->alpn));
	}
	if (!cursor_ok(&list))
		cursor_fail(c);
}

static void
read_session_ticket(struct cursor *c, struct hello hello)
{
	hello.client->ticket = cursor_left(c) > 0;
	hello.client->ticket_bytes = *c;
	cursor_skip(c, cursor_left(c));
}

static void
read_early_data(struct cursor *c, struct hello hello)
{
	(void)c;
	hello.client->early_data = true;
}

static void
read_ech(struct cursor *c, struct hello hello)
{
	cursor_skip(c, cursor_left(c));
	hello.client->ech = true;
}

static void
read_encrypt_then_mac(struct cursor *c, struct hello hello)
{
	(void)c;
	hello.server->encrypt_then_mac = true;
}

static void
read_application_settings(struct cursor *c, struct hello hello)
{
	cursor_skip(c, cursor_left(c));
	hello.client->application_settings = true;
}

static void
read_client_versions(struct cursor *c, struct hello hello)
{
	struct cursor list = cursor_sub(c, cursor_u8(c));

	while (cursor_left(&list) > 0)
		if (tls_version_is_13(cursor_u16(&list)))
			hello.client->offers_13 = true;
	if (!cursor_ok(&list))
		cursor_fail(c);
}

static void
read_server_version(struct cursor *c, struct hello hello)
{
	uint16_t version = cursor_u16(c);

	if (cursor_ok(c))
		hello.server->version = version;
}

/* The group with the server's key, or alone in a HelloRetryRequest. */
static void
read_key_share(struct cursor *c, struct hello hello)
{
	hello.server->group = cursor_u16(c);
	if (cursor_left(c) > 0)
		cursor_skip(c, cursor_u16(c));
}

static void
read_pre_shared_key(struct cursor *c, struct hello hello)
{
	cursor_skip(c, 2);
	hello.server->psk = cursor_ok(c);
}

static void
read_server_certificate_type(struct cursor *c, struct hello hello)
{
	hello.server->raw_public_key = cursor_u8(c) != CERTIFICATE_TYPE_X509;
}

static void
read_client_certificate_type(struct cursor *c, struct hello hello)
{
	hello.server->client_raw_public_key = cursor_u8(c) != CERTIFICATE_TYPE_X509;
}

static const struct extension client_extensions[] = {
	{ SERVER_NAME, read_server_name },
	{ ALPN, read_alpn },
	{ SESSION_TICKET, read_session_ticket },
	{ EARLY_DATA, read_early_data },
	{ SUPPORTED_VERSIONS, read_client_versions },
	{ APPLICATION_SETTINGS_OLD, read_application_settings },
	{ APPLICATION_SETTINGS, read_application_settings },
	{ ENCRYPTED_CLIENT_HELLO, read_ech },
	{ 0, NULL },
};

static const struct extension server_extensions[] = {
	{ ALPN, read_alpn },
	{ CLIENT_CERTIFICATE_TYPE, read_client_certificate_type },
	{ SERVER_CERTIFICATE_TYPE, read_server_certificate_type },
	{ ENCRYPT_THEN_MAC, read_encrypt_then_mac },
	{ DRAFT_KEY_SHARE, read_key_share },
	{ PRE_SHARED_KEY, read_pre_shared_key },
	{ SUPPORTED_VERSIONS, read_server_version },
	{ KEY_SHARE, read_key_share },
	{ 0, NULL },
};

/* Reads the extensions that end a hello, if there are any; false where they are damaged. */
static bool
read_extensions(struct cursor *c, const struct extension *readers, struct hello hello)
{
	size_t size;
	struct cursor list;
	bool sound = true;

	if (cursor_left(c) == 0)
		return true; /* up to TLS 1.2 they may be absent as a whole */
	size = cursor_u16(c);
	sound = cursor_ok(c) && size == cursor_left(c);
	list = cursor_sub(c, size < cursor_left(c) ? size : cursor_left(c));
	while (cursor_left(&list) > 0) {
		uint16_t type = cursor_u16(&list);
		struct cursor data = cursor_sub(&list, cursor_u16(&list));
		const struct extension *e = readers;

		while (e->read != NULL && e->type != type)
			e++;
		if (e->read == NULL || !cursor_ok(&data))
			continue;
		e->read(&data, hello);
		if (!cursor_ok(&data) || cursor_left(&data) > 0)
			sound = false;
	}
	return sound && cursor_ok(&list);
}

static void
offer_cipher(struct tls_client_hello *hello, uint16_t code)
{
	int index = tls_cipher_index(code);

	if (index >= 0)
		hello->ciphers[index / 8] |= (uint8_t)(1 << index % 8);
}

static bool
offers_cipher(const struct tls_client_hello *hello, uint16_t code)
{
	int index = tls_cipher_index(code);

	return index >= 0 && (hello->ciphers[index / 8] >> index % 8 & 1) != 0;
}

static bool
read_client_hello(struct cursor body, struct tls_client_hello *hello, bool dtls)
{
	struct cursor ciphers, compressions;

	*hello = (struct tls_client_hello){ 0 };
	hello->version = cursor_u16(&body);
	cursor_skip(&body, RANDOM_SIZE);
	read_session_id(&body, &hello->session_id);
	if (dtls)
		cursor_skip(&body, cursor_u8(&body)); /* the cookie (RFC 6347 4.2.1) */
	ciphers = cursor_sub(&body, cursor_u16(&body));
	compressions = cursor_sub(&body, cursor_u8(&body));
	if (!cursor_ok(&body) || !(dtls ? tls_version_is_dtls(hello->version) : hello->version >> 8 == 3) || ciphers.left == 0 || ciphers.left % 2 != 0 || compressions.left == 0)
		return false;
	while (cursor_left(&ciphers) > 0)
		offer_cipher(hello, cursor_u16(&ciphers));
	hello->damaged = !read_extensions(&body, client_extensions, (struct hello){ .client = hello });
	return true;
}

bool
tls_client_hello_read(struct cursor body, struct tls_client_hello *hello)
{
	return read_client_hello(body, hello, false);
}

bool
tls_dtls_client_hello_read(struct cursor body, struct tls_client_hello *hello)
{
	return read_client_hello(body, hello, true);
}

/* What the lengths of an SSLv2 hello must look like: whole cipher specs, and a challenge of 16 to 32 bytes. */
bool
tls_sslv2_client_hello_possible(const struct cursor *c)
{
	int size_high = cursor_peek(c, 0), size_low = cursor_peek(c, 1), type = cursor_peek(c, 2);
	int major = cursor_peek(c, 3), minor = cursor_peek(c, 4);
	struct cursor lengths = *c;
	size_t size, specs, id, challenge;

	if (size_high >= 0 && (size_high & 0x80) == 0)
		return false;
	if (type >= 0 && type != 1)
		return false;
	if (major >= 0 && major != 3 && major != 0)
		return false;
	if (minor >= 0 && (major == 3 ? minor > 4 : minor != 2))
		return false;
	if (cursor_left(c) < 2 + SSLV2_HELLO_SIZE_MIN)
		return true;
	size = (size_t)(size_high & 0x7f) << 8 | (size_t)size_low;
	cursor_skip(&lengths, 5);
	specs = cursor_u16(&lengths);
	id = cursor_u16(&lengths);
	challenge = cursor_u16(&lengths);
	return specs > 0 && specs % 3 == 0 && (id == 0 || id == 16 || id == 32) && challenge >= 16 && challenge <= 32
	    && size == SSLV2_HELLO_SIZE_MIN + specs + id + challenge;
}

bool
tls_sslv2_client_hello_read(struct cursor *c, struct tls_client_hello *hello)
{
	struct cursor body, specs;
	size_t specs_size, rest_size;

	if (!tls_sslv2_client_hello_possible(c))
		return false;
	body = *c;
	body = cursor_sub(&body, cursor_u16(&body) & 0x7fff);
	*hello = (struct tls_client_hello){ 0 };
	cursor_skip(&body, 1);
	hello->version = cursor_u16(&body);
	specs_size = cursor_u16(&body);
	rest_size = cursor_u16(&body);
	rest_size += cursor_u16(&body);
	specs = cursor_sub(&body, specs_size);
	cursor_skip(&body, rest_size);
	if (!cursor_ok(&body))
		return false;
	while (cursor_left(&specs) >= 3) {
		/* A suite of TLS is a cipher spec whose first byte is 0. */
		bool is_suite = cursor_u8(&specs) == 0;
		uint16_t code = cursor_u16(&specs);

		if (is_suite)
			offer_cipher(hello, code);
	}
	cursor_skip(c, 2 + SSLV2_HELLO_SIZE_MIN + specs_size + rest_size);
	return true;
}

/*
 * Up to draft 21 of TLS 1.3 (0x7f15) the version stands in its old place, and session id and
 * compression are left out.
 */
static bool
is_early_draft(uint16_t version)
{
	return version >> 8 == 0x7f && (version & 0xff) <= 21;
}

/* "DOWNGRD" and 1 or 0, at the end of the random. */
static uint8_t
read_sentinel(const uint8_t random[RANDOM_SIZE])
{
	const uint8_t *end = random + RANDOM_SIZE - 8;

	return memcmp(end, "DOWNGRD", 7) != 0 ? 0 : end[7] == 1 ? 1 : end[7] == 0 ? 2 : 0;
}

static bool
read_server_hello(struct cursor body, struct tls_server_hello *hello, bool dtls)
{
	const uint8_t *random;

	*hello = (struct tls_server_hello){ 0 };
	hello->version = cursor_u16(&body);
	random = cursor_take(&body, RANDOM_SIZE);
	if (is_early_draft(hello->version)) {
		hello->cipher = cursor_u16(&body);
	} else {
		read_session_id(&body, &hello->session_id);
		hello->cipher = cursor_u16(&body);
		hello->compression = cursor_u8(&body) != 0;
	}
	if (!cursor_ok(&body) || tls_version_is_dtls(hello->version) != dtls || hello->version == 0x0002 || tls_version_name(hello->version) == NULL)
		return false;
	hello->retry = memcmp(random, retry_random, RANDOM_SIZE) == 0;
	hello->sentinel = read_sentinel(random);
	hello->damaged = !read_extensions(&body, server_extensions, (struct hello){ .server = hello });
	return tls_version_is_dtls(hello->version) == dtls;
}

bool
tls_server_hello_read(struct cursor body, struct tls_server_hello *hello)
{
	return read_server_hello(body, hello, false);
}

bool
tls_dtls_server_hello_read(struct cursor body, struct tls_server_hello *hello)
{
	return read_server_hello(body, hello, true);
}

bool
tls_draft_retry_read(struct cursor body, struct tls_server_hello *hello)
{
	*hello = (struct tls_server_hello){ .retry = true };
	hello->version = cursor_u16(&body);
	if ((hello->version & 0xff) >= 19)
		hello->cipher = cursor_u16(&body);
	if (!cursor_ok(&body) || !is_early_draft(hello->version))
		return false;
	hello->damaged = !read_extensions(&body, server_extensions, (struct hello){ .server = hello });
	return true;
}

static bool
same_session_id(const struct tls_session_id *a, const struct tls_session_id *b)
{
	return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

bool
tls_hellos_downgraded(const struct tls_client_hello *client, const struct tls_server_hello *server)
{
	if (tls_version_is_13(server->version) || server->sentinel == 0)
		return false;
	return client->offers_13 || (server->sentinel == 2 && client->version >= 0x0303 && server->version < 0x0303);
}

bool
tls_hellos_fit(const struct tls_client_hello *client, const struct tls_server_hello *server)
{
	if (!offers_cipher(client, server->cipher))
		return false;
	if (tls_version_is_dtls(server->version))
		return tls_version_is_13(server->version) ? client->offers_13 : server->version >= client->version;
	if (!tls_version_is_13(server->version))
		return server->version <= client->version;
	/* legacy_session_id_echo (RFC 8446 4.1.3), which early drafts have not. */
	return client->offers_13 && (is_early_draft(server->version) || same_session_id(&client->session_id, &server->session_id));
}
