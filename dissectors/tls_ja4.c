/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three parts: "t13d1516h2", what can be read, "8daaf6152771", a hash of the sorted cipher suites, and
 * "e5627efa2ab1", one of the sorted extensions with the signature algorithms in their own order. The
 * values of GREASE (RFC 8701) are left out everywhere.
 */
#include <config.h>

#include "tls_ja4.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "tls_names.h"

enum {
	RANDOM_SIZE = 32,
	VALUES_MAX = 256,
	HASH_SIZE = 12, /* hex digits of the digest that are kept */
	KNOWN_COUNT = 64,
	KNOWN_TEXT_MAX = 384, /* of a list in hexadecimal with commas: some seventy entries */
	/* Extension numbers (IANA "TLS ExtensionType Values"). */
	SERVER_NAME = 0,
	SIGNATURE_ALGORITHMS = 13,
	ALPN = 16,
	SUPPORTED_VERSIONS = 43,
};

static const char hex[] = "0123456789abcdef";

struct values {
	size_t count;
	uint16_t at[VALUES_MAX];
};

struct hello {
	uint16_t version;
	bool server_name;
	char alpn[2];
	size_t extension_count; /* with those that are not among the extensions below */
	struct values ciphers, extensions, signatures;
};

static void
add(struct cursor *c, struct values *v, uint16_t value)
{
	if (tls_is_grease(value))
		return;
	if (v->count == VALUES_MAX)
		cursor_fail(c);
	else
		v->at[v->count++] = value;
}

static void
read_values(struct cursor *list, struct values *v)
{
	while (cursor_left(list) > 0)
		add(list, v, cursor_u16(list));
}

static bool
is_alphanumeric(uint8_t b)
{
	return (b >= '0' && b <= '9') || ((b | 0x20) >= 'a' && (b | 0x20) <= 'z');
}

/* The first and the last character of the first name, or of what it is in hex. */
static void
read_alpn(struct cursor data, char out[2])
{
	struct cursor list = cursor_sub(&data, cursor_u16(&data)), name = cursor_sub(&list, cursor_u8(&list));
	size_t size = cursor_left(&name);
	uint8_t first, last;

	if (!cursor_ok(&name) || size == 0)
		return;
	first = (uint8_t)cursor_peek(&name, 0);
	last = (uint8_t)cursor_peek(&name, size - 1);
	if (is_alphanumeric(first) && is_alphanumeric(last)) {
		out[0] = (char)first;
		out[1] = (char)last;
	} else {
		out[0] = hex[first >> 4];
		out[1] = hex[last & 15];
	}
}

/* Which of two versions is the higher; those of DTLS count down. */
static bool
is_higher(uint16_t a, uint16_t b)
{
	bool a_dtls = a >> 8 == 0xfe, b_dtls = b >> 8 == 0xfe;

	return a_dtls == b_dtls ? (a_dtls ? a < b : a > b) : b == 0;
}

static void
read_versions(struct cursor data, uint16_t *version)
{
	struct cursor list = cursor_sub(&data, cursor_u8(&data));
	uint16_t highest = 0;

	while (cursor_left(&list) > 0) {
		uint16_t value = cursor_u16(&list);

		if (cursor_ok(&list) && !tls_is_grease(value) && is_higher(value, highest))
			highest = value;
	}
	*version = highest;
}

static void
read_extension(struct cursor *list, struct hello *h)
{
	uint16_t type = cursor_u16(list);
	struct cursor data = cursor_sub(list, cursor_u16(list));

	if (!cursor_ok(&data) || tls_is_grease(type))
		return;
	h->extension_count++;
	switch (type) {
	case SERVER_NAME:
		h->server_name = true;
		return;
	case ALPN:
		read_alpn(data, h->alpn);
		return;
	case SUPPORTED_VERSIONS:
		read_versions(data, &h->version);
		break;
	case SIGNATURE_ALGORITHMS:
		data = cursor_sub(&data, cursor_u16(&data));
		h->signatures.count = 0;
		read_values(&data, &h->signatures);
		break;
	}
	add(list, &h->extensions, type);
}

static bool
read_hello(struct cursor body, enum ja4_transport transport, struct hello *h)
{
	struct cursor ciphers, extensions;

	h->version = cursor_u16(&body);
	cursor_skip(&body, RANDOM_SIZE);
	cursor_skip(&body, cursor_u8(&body)); /* session id */
	if (transport == JA4_DTLS)
		cursor_skip(&body, cursor_u8(&body)); /* cookie */
	ciphers = cursor_sub(&body, cursor_u16(&body));
	cursor_skip(&body, cursor_u8(&body)); /* compression methods */
	if (!cursor_ok(&body))
		return false;
	read_values(&ciphers, &h->ciphers);
	if (cursor_left(&body) == 0)
		return cursor_ok(&ciphers);
	extensions = cursor_sub(&body, cursor_u16(&body));
	while (cursor_left(&extensions) > 0)
		read_extension(&extensions, h);
	return cursor_ok(&ciphers) && cursor_ok(&extensions);
}

/* By insertion: there are a dozen or two. */
static void
sort(struct values *v)
{
	for (size_t i = 1; i < v->count; i++) {
		uint16_t value = v->at[i];
		size_t k = i;

		for (; k > 0 && v->at[k - 1] > value; k--)
			v->at[k] = v->at[k - 1];
		v->at[k] = value;
	}
}

/* "1301,1302"; returns where it ends. */
static char *
put_values(char *text, const struct values *v)
{
	for (size_t i = 0; i < v->count; i++) {
		if (i > 0)
			*text++ = ',';
		for (int shift = 12; shift >= 0; shift -= 4)
			*text++ = hex[v->at[i] >> shift & 15];
	}
	return text;
}

/*
 * Digests of the lists seen last. Clients of one kind send the same lists in every hello, and
 * hashing them anew would take more than all else that is read of it.
 */
static _Thread_local struct known_digest {
	uint16_t size;
	char text[KNOWN_TEXT_MAX];
	uint8_t digest[HASH_SIZE / 2];
} known[KNOWN_COUNT];

static bool
compute_digest(const char *text, size_t size, uint8_t digest[HASH_SIZE / 2])
{
	uint8_t whole[EVP_MAX_MD_SIZE];

	if (EVP_Digest(text, size, whole, NULL, EVP_sha256(), NULL) != 1)
		return false;
	memcpy(digest, whole, HASH_SIZE / 2);
	return true;
}

static void
digest_of(const char *text, size_t size, uint8_t digest[HASH_SIZE / 2])
{
	uint32_t place = (uint32_t)size;
	struct known_digest *k;

	for (size_t i = 0; i < size; i++)
		place = (place ^ (uint8_t)text[i]) * UINT32_C(16777619);
	k = &known[(place ^ place >> 16) % KNOWN_COUNT];
	if (k->size != size || memcmp(k->text, text, size) != 0) {
		k->size = 0;
		if (!compute_digest(text, size, k->digest)) {
			memset(digest, 0, HASH_SIZE / 2);
			return;
		}
		if (size <= sizeof(k->text)) {
			memcpy(k->text, text, size);
			k->size = (uint16_t)size;
		}
	}
	memcpy(digest, k->digest, HASH_SIZE / 2);
}

/* The first digits of a list's SHA-256, behind "_"; zeros where there is no list. */
static void
put_hash(char *out, const char *text, size_t size)
{
	uint8_t digest[HASH_SIZE / 2] = { 0 };

	if (size > 0)
		digest_of(text, size, digest);
	*out++ = '_';
	for (size_t i = 0; i < HASH_SIZE / 2; i++) {
		*out++ = hex[digest[i] >> 4];
		*out++ = hex[digest[i] & 15];
	}
	*out = '\0';
}

static const char *
version_text(uint16_t version)
{
	static const struct {
		uint16_t version;
		char text[3];
	} versions[] = {
		{ 0x0304, "13" }, { 0x0303, "12" }, { 0x0302, "11" }, { 0x0301, "10" }, { 0x0300, "s3" }, { 0x0002, "s2" },
		{ 0xfeff, "d1" }, { 0xfefd, "d2" }, { 0xfefc, "d3" },
	};

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		if (versions[i].version == version)
			return versions[i].text;
	return "00";
}

static unsigned
at_most_99(size_t count)
{
	return count < 99 ? (unsigned)count : 99;
}

void
tls_ja4(struct cursor body, enum ja4_transport transport, char out[TLS_JA4_SIZE])
{
	struct hello h;
	char text[VALUES_MAX * 10 + 1], *end;
	int size;

	out[0] = '\0';
	memset(&h, 0, offsetof(struct hello, ciphers));
	h.alpn[0] = h.alpn[1] = '0';
	h.ciphers.count = h.extensions.count = h.signatures.count = 0;
	if (!read_hello(body, transport, &h))
		return;
	sort(&h.ciphers);
	sort(&h.extensions);
	size = snprintf(out, TLS_JA4_SIZE, "%c%s%c%02u%02u%c%c", transport, version_text(h.version), h.server_name ? 'd' : 'i', at_most_99(h.ciphers.count),
		at_most_99(h.extension_count), h.alpn[0], h.alpn[1]);
	end = put_values(text, &h.ciphers);
	put_hash(out + size, text, (size_t)(end - text));
	end = put_values(text, &h.extensions);
	if (h.extensions.count > 0 && h.signatures.count > 0) {
		*end++ = '_';
		end = put_values(end, &h.signatures);
	}
	put_hash(out + size + 1 + HASH_SIZE, text, (size_t)(end - text));
}
