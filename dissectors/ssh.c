/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SSH: RFC 4253 (transport), and for connections without encryption RFC 4252 (authentication) and
 * RFC 4256 (keyboard-interactive); version 1 as far as its cipher. The banners and the KEXINIT of
 * either side are readable and tell what was negotiated (RFC 4253 7.1); after that all is encrypted,
 * unless the cipher is "none".
 */
#include <config.h>

#include "dissector.h"

#include <netinet/in.h>
#include <string.h>

#include "ssh_algorithms.h"

enum {
	BANNER_MAX = 512,     /* RFC 4253 4.2 has 255 */
	LINES_MAX = 64,       /* before a server's banner */
	PACKET_MAX = 65536,   /* RFC 4253 6.1 has 35000 */
	ALGORITHMS_MAX = 40,  /* of one kind, of one side */
	MESSAGE_ENOUGH = 512, /* of a packet that says who authenticates */
};

/* Messages: RFC 4250 4.1.2. */
enum {
	DISCONNECT = 1,
	KEXINIT = 20,
	NEWKEYS = 21,
	USERAUTH_REQUEST = 50,
	USERAUTH_FAILURE = 51,
	USERAUTH_SUCCESS = 52,
	USERAUTH_INFO_RESPONSE = 61,
};

enum { SSH1_CMSG_SESSION_KEY = 3 };

/* The lists of a KEXINIT, in its order: RFC 4253 7.1. */
enum { KEX, HOST_KEY, CIPHER_CLIENT, CIPHER_SERVER, MAC_CLIENT, MAC_SERVER, COMPRESSION_CLIENT, COMPRESSION_SERVER, LANGUAGES_CLIENT, LANGUAGES_SERVER, LISTS };

/* The names of a side are kept as hashes: what must be told is which of them the other has too. */
struct offer {
	uint32_t hash[ALGORITHMS_MAX];
	uint8_t count;
	bool cut; /* there are more */
};

/* Those of the lists that are kept. */
enum { KEPT = 5 };
static const uint8_t kept[KEPT] = { KEX, CIPHER_CLIENT, CIPHER_SERVER, MAC_CLIENT, MAC_SERVER };

struct ssh_state {
	struct offer offers[KEPT]; /* of the side whose KEXINIT came first */
	const char *method;        /* of the attempt that is under way, NULL for none */
	int mac_size[2];           /* by direction */
	uint8_t first;             /* enum direction: whose KEXINIT came first */
	uint8_t lines;
	uint8_t version[2];        /* 1 or 2, 3 for "1.99"; by direction, 0: no banner yet */
	bool have_first, may_be_plain;
	bool negotiated;
	bool readable[2];          /* after NEWKEYS, by direction: authentication in the clear */
};

static const char banner_clause[] = "RFC 4253 4.2 protocol version exchange";
static const char kexinit_clause[] = "RFC 4253 7.1 SSH_MSG_KEXINIT";

/* Banners. */

/* 1, 2 or 3 (1.99) by "SSH-2.0-", 0 for anything else. */
static uint8_t
version_of(struct cursor line)
{
	struct cursor c = line, part;
	int major = cursor_peek(&line, 4);

	if (!cursor_starts_with(&line, "SSH-"))
		return 0;
	cursor_skip(&c, 4);
	if (!cursor_take_until(&c, '-', &part) || cursor_left(&part) < 3 || cursor_peek(&part, 1) != '.')
		return 0;
	if (cursor_equals(&part, "1.99"))
		return 3;
	return major == '1' ? 1 : major == '2' ? 2 : 0;
}

static enum verdict
probe_banner(struct cursor bytes)
{
	struct cursor line;

	if (!cursor_may_start_with(&bytes, "SSH-"))
		return NO_MATCH;
	if (!cursor_take_line(&bytes, &line))
		return cursor_left(&bytes) > BANNER_MAX ? NO_MATCH : NEED_MORE;
	return version_of(line) != 0 && cursor_left(&line) <= BANNER_MAX ? MATCH : NO_MATCH;
}

/* Which version both speak, once both banners are there: RFC 4253 5. */
static bool
is_version_1(const struct ssh_state *s)
{
	return s->version[FROM_CLIENT] == 1 || s->version[FROM_SERVER] == 1;
}

static void
claim_banner(struct dissection *d, enum direction from, uint64_t offset)
{
	struct ssh_state *s = d->state;
	bool both = s->version[FROM_CLIENT] != 0 && s->version[FROM_SERVER] != 0;

	/* A client can say so to any server; one that answers otherwise is none. */
	evidence_protocol(d->evidence, "ssh", both ? STRENGTH_EXCHANGE : from == FROM_SERVER ? STRENGTH_STRUCTURE : STRENGTH_SIGNATURE, banner_clause, from, offset);
	if (!both)
		return;
	d->evidence->encryption.version = is_version_1(s) ? "SSH1" : "SSH2.0";
}

/* A client that says something else to a server of SSH, which will refuse it. */
static enum verdict
read_stranger(struct dissection *d, struct cursor bytes, uint64_t offset)
{
	struct ssh_state *s = d->state;

	if (s->version[FROM_SERVER] == 0)
		return NO_MATCH;
	if (!cursor_is_text(bytes))
		return MALFORMED; /* TLS, or anything: not readable */
	evidence_encryption(d->evidence, ENCRYPTION_PLAINTEXT, STRENGTH_STRUCTURE, banner_clause, FROM_CLIENT, offset);
	return MALFORMED;
}

static enum verdict
read_banner(struct dissection *d, enum direction from, struct cursor *bytes, uint64_t offset)
{
	struct ssh_state *s = d->state;
	struct cursor line, c = *bytes;

	if (from == FROM_CLIENT && !cursor_may_start_with(bytes, "SSH-"))
		return read_stranger(d, *bytes, offset);
	if (!cursor_take_line(&c, &line))
		return cursor_left(bytes) > BANNER_MAX ? NO_MATCH : NEED_MORE;
	s->version[from] = version_of(line);
	*bytes = c;
	if (s->version[from] != 0) {
		claim_banner(d, from, offset);
		return MATCH;
	}
	/* A server may say other things before (RFC 4253 4.2), but not in words of another protocol. */
	if (from == FROM_CLIENT || cursor_starts_with(&line, "SSH-") || cursor_starts_with(&line, "HTTP/") || ++s->lines > LINES_MAX || !cursor_is_text(line))
		return NO_MATCH;
	return MATCH;
}

/* Binary packets. */

struct packet {
	uint8_t type;
	struct cursor payload; /* behind the type; its beginning, of a large one */
	size_t size;           /* of the whole, without a MAC */
};

/* RFC 4253 6: length, padding length, payload, padding. */
static enum verdict
take_packet(struct cursor bytes, struct packet *p, size_t *need)
{
	struct cursor c = bytes;
	size_t size = cursor_u32(&c), padding = cursor_u8(&c), payload, here;

	*need = 6;
	if (!cursor_ok(&c))
		return NEED_MORE;
	if (size < 5 || size > PACKET_MAX || padding < 4 || padding + 2 > size)
		return NO_MATCH;
	p->size = 4 + size;
	payload = size - 1 - padding;
	p->type = cursor_u8(&c);
	/* A KEXINIT is read whole; of others who authenticates is at the beginning. */
	here = p->type == KEXINIT || payload < MESSAGE_ENOUGH ? payload - 1 : MESSAGE_ENOUGH - 1;
	*need = p->type == KEXINIT ? p->size : 6 + here;
	if (!cursor_ok(&c) || cursor_left(&bytes) < *need)
		return NEED_MORE;
	p->payload = cursor_sub(&c, here);
	return MATCH;
}

static struct cursor
take_string(struct cursor *c)
{
	size_t size = cursor_u32(c);

	return cursor_sub(c, size);
}

struct kexinit {
	struct cursor lists[LISTS];
};

/* Reads a KEXINIT to its end; names are printable ASCII (RFC 4251 6). */
static bool
read_lists(struct cursor payload, struct kexinit *k)
{
	cursor_skip(&payload, 16);
	for (size_t i = 0; i < LISTS; i++) {
		struct cursor c = k->lists[i] = take_string(&payload);

		while (cursor_left(&c) > 0) {
			uint8_t b = cursor_u8(&c);

			if (b <= ' ' || b >= 0x7f)
				return false;
		}
	}
	cursor_skip(&payload, 1 + 4);
	return cursor_ok(&payload) && cursor_left(&payload) == 0 && cursor_left(&k->lists[KEX]) > 0;
}

static bool
next_name(struct cursor *list, struct cursor *name)
{
	if (cursor_left(list) == 0)
		return false;
	if (!cursor_take_until(list, ',', name))
		*name = cursor_sub(list, cursor_left(list));
	return true;
}

/* FNV-1a. Two names that share a hash would have to be in the two lists. */
static uint32_t
hash_of(struct cursor name)
{
	uint32_t hash = 2166136261u;

	while (cursor_left(&name) > 0)
		hash = (hash ^ cursor_u8(&name)) * 16777619u;
	return hash;
}

static bool
has_name(struct cursor list, const char *text)
{
	struct cursor name;

	while (next_name(&list, &name))
		if (cursor_equals(&name, text))
			return true;
	return false;
}

static bool
offers_hash(const struct offer *o, uint32_t hash)
{
	for (size_t i = 0; i < o->count; i++)
		if (o->hash[i] == hash)
			return true;
	return false;
}

static void
keep_offer(struct offer *o, struct cursor list)
{
	struct cursor name;

	for (*o = (struct offer){ .count = 0 }; next_name(&list, &name);) {
		if (o->count == ALGORITHMS_MAX) {
			o->cut = true;
			return;
		}
		o->hash[o->count++] = hash_of(name);
	}
}

/* What is in a list of key exchanges without being one: RFC 8308 2.1, OpenSSH's strict key exchange. */
static bool
is_signal(struct cursor name)
{
	return cursor_equals(&name, "ext-info-c") || cursor_equals(&name, "ext-info-s") || cursor_starts_with(&name, "kex-strict-");
}

/*
 * The client's first name that the server has too, of the kept offer and the list of the other side.
 * A failed cursor where there is none, or where it cannot be told; *known false then.
 */
static struct cursor
choose(const struct offer *first, struct cursor second, bool first_is_client, bool *known)
{
	struct cursor name, none = { .failed = true };

	*known = !first->cut;
	if (!first_is_client) {
		while (next_name(&second, &name))
			if (!is_signal(name) && offers_hash(first, hash_of(name)))
				return name;
		return none;
	}
	for (size_t i = 0; i < first->count; i++)
		for (struct cursor list = second; next_name(&list, &name);)
			if (!is_signal(name) && hash_of(name) == first->hash[i])
				return name;
	return none;
}

/* What the two agreed upon, by place in kept[]. */
struct agreement {
	struct cursor name[KEPT];
	bool known[KEPT];
};

static void
claim_encrypted(struct dissection *d, enum encryption_state state, enum strength strength, enum direction from, uint64_t offset)
{
	evidence_encryption(d->evidence, state, strength, kexinit_clause, from, offset);
	d->evidence->encryption.by = "ssh";
	d->evidence->encryption.version = "SSH2.0";
}

/* RFC 4253 7.1: where nothing fits the two disconnect, and nothing was sent in the clear. */
static enum verdict
conclude(struct dissection *d, const struct agreement *a, bool may_be_plain, enum direction from, uint64_t offset)
{
	struct ssh_state *s = d->state;
	bool plain[2], found = true;

	for (size_t i = 0; i < 3; i++)
		found = found && cursor_ok(&a->name[i]);
	if (!found) {
		if (a->known[0] && a->known[1] && a->known[2])
			evidence_note(d->evidence, NOTE_HANDSHAKE_FAILED);
		if (!may_be_plain)
			claim_encrypted(d, ENCRYPTION_ENCRYPTED, STRENGTH_EXCHANGE, from, offset);
		return DONE;
	}
	plain[FROM_CLIENT] = cursor_equals(&a->name[1], "none");
	plain[FROM_SERVER] = cursor_equals(&a->name[2], "none");
	d->evidence->encryption.group = ssh_key_exchange_name(a->name[0]);
	d->evidence->encryption.cipher = ssh_cipher_name(a->name[1]);
	if (!plain[FROM_CLIENT] && !plain[FROM_SERVER]) {
		claim_encrypted(d, ENCRYPTION_ENCRYPTED, STRENGTH_EXCHANGE, from, offset);
		return DONE;
	}
	if (plain[FROM_CLIENT] != plain[FROM_SERVER])
		claim_encrypted(d, ENCRYPTION_PARTIAL, STRENGTH_EXCHANGE, from, offset);
	else
		evidence_encryption(d->evidence, ENCRYPTION_PLAINTEXT, STRENGTH_EXCHANGE, kexinit_clause, from, offset);
	for (int side = 0; side < 2; side++)
		s->mac_size[side] = plain[side] && cursor_ok(&a->name[3 + side]) ? ssh_mac_size(a->name[3 + side]) : -1;
	s->negotiated = true;
	return MATCH;
}

static enum verdict
read_kexinit(struct dissection *d, enum direction from, struct cursor payload, uint64_t offset)
{
	struct ssh_state *s = d->state;
	struct agreement a;
	struct kexinit k;
	bool plain;

	if (!read_lists(payload, &k))
		return MALFORMED;
	evidence_protocol(d->evidence, "ssh", s->have_first ? STRENGTH_EXCHANGE : STRENGTH_STRUCTURE, kexinit_clause, from, offset);
	plain = has_name(k.lists[CIPHER_CLIENT], "none") || has_name(k.lists[CIPHER_SERVER], "none");
	if (s->have_first && s->first != from) {
		for (size_t i = 0; i < KEPT; i++)
			a.name[i] = choose(&s->offers[i], k.lists[kept[i]], s->first == FROM_CLIENT, &a.known[i]);
		return conclude(d, &a, plain && s->may_be_plain, from, offset);
	}
	s->have_first = true;
	s->first = (uint8_t)from;
	s->may_be_plain = plain;
	for (size_t i = 0; i < KEPT; i++)
		keep_offer(&s->offers[i], k.lists[kept[i]]);
	/* One side that will not do without a cipher settles that there is one. */
	if (!plain)
		claim_encrypted(d, ENCRYPTION_ENCRYPTED, STRENGTH_STRUCTURE, from, offset);
	return MATCH;
}

/* Authentication in the clear: RFC 4252. */

static const char *
method_of(struct cursor name)
{
	static const struct {
		const char *name, *method;
	} methods[] = {
		{ "password", "ssh-password" },
		{ "publickey", "ssh-publickey" },
		{ "keyboard-interactive", "ssh-keyboard-interactive" },
		{ "hostbased", "ssh-hostbased" },
		{ "gssapi-with-mic", "ssh-gssapi" },
		{ "gssapi-keyex", "ssh-gssapi" },
	};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (cursor_equals(&name, methods[i].name))
			return methods[i].method;
	return "ssh-other";
}

/* RFC 4252 5: user, service, method, and what the method needs. */
static void
read_userauth_request(struct dissection *d, struct cursor c, uint64_t offset)
{
	struct ssh_state *s = d->state;
	struct cursor user = take_string(&c), service = take_string(&c), method = take_string(&c);
	uint8_t flag = cursor_u8(&c);

	s->method = NULL;
	if (!cursor_ok(&service) || !cursor_ok(&method) || cursor_equals(&method, "none"))
		return;
	/* A public key without a signature asks whether it would do: RFC 4252 7. */
	if (cursor_equals(&method, "publickey") && flag == 0)
		return;
	s->method = method_of(method);
	if (d->evidence->want_principals)
		cursor_copy_text(&user, d->evidence->authentication.principal, sizeof(d->evidence->authentication.principal));
	evidence_authentication(d->evidence, AUTH_ATTEMPTED, s->method, STRENGTH_STRUCTURE, "RFC 4252 5 SSH_MSG_USERAUTH_REQUEST", FROM_CLIENT, offset);
	if (cursor_equals(&method, "password"))
		evidence_cleartext_credentials(d->evidence, "RFC 4252 8 password", FROM_CLIENT, offset);
}

/* RFC 4256 3.4: answers to what the server asked, a password as a rule. */
static void
read_info_response(struct dissection *d, struct cursor c, uint64_t offset)
{
	const struct ssh_state *s = d->state;

	if (s->method == NULL || strcmp(s->method, "ssh-keyboard-interactive") != 0)
		return;
	if (cursor_u32(&c) > 0 && cursor_u32(&c) > 0 && cursor_ok(&c))
		evidence_cleartext_credentials(d->evidence, "RFC 4256 3.4 SSH_MSG_USERAUTH_INFO_RESPONSE", FROM_CLIENT, offset);
}

static enum verdict
read_answer(struct dissection *d, const struct packet *p, uint64_t offset)
{
	struct ssh_state *s = d->state;
	struct cursor c = p->payload;

	switch (p->type) {
	case USERAUTH_SUCCESS:
		evidence_authentication(d->evidence, s->method != NULL ? AUTH_SUCCESS : AUTH_NONE, s->method, STRENGTH_EXCHANGE, "RFC 4252 5.1 SSH_MSG_USERAUTH_SUCCESS", FROM_SERVER, offset);
		return DONE;
	case USERAUTH_FAILURE:
		(void)take_string(&c);
		if (s->method != NULL && cursor_u8(&c) == 0 && cursor_ok(&c))
			evidence_authentication(d->evidence, AUTH_FAILURE, s->method, STRENGTH_EXCHANGE, "RFC 4252 5.1 SSH_MSG_USERAUTH_FAILURE", FROM_SERVER, offset);
		return MATCH;
	default:
		return MATCH;
	}
}

static enum verdict
read_message(struct dissection *d, enum direction from, const struct packet *p, uint64_t offset)
{
	struct ssh_state *s = d->state;

	if (p->type == KEXINIT && !s->negotiated)
		return read_kexinit(d, from, p->payload, offset);
	if (p->type == DISCONNECT && !s->readable[from]) {
		evidence_note(d->evidence, NOTE_HANDSHAKE_FAILED);
		return DONE;
	}
	if (p->type == NEWKEYS && s->negotiated && !s->readable[from]) {
		if (s->mac_size[from] < 0)
			return DONE; /* encrypted this way, or nobody knows where packets end */
		s->readable[from] = true;
		return MATCH;
	}
	if (!s->readable[from])
		return MATCH;
	if (from == FROM_SERVER)
		return read_answer(d, p, offset);
	if (p->type == USERAUTH_REQUEST)
		read_userauth_request(d, p->payload, offset);
	else if (p->type == USERAUTH_INFO_RESPONSE)
		read_info_response(d, p->payload, offset);
	return MATCH;
}

static enum verdict
read_packet(struct dissection *d, enum direction from, struct cursor *bytes, uint64_t offset)
{
	struct ssh_state *s = d->state;
	bool readable = s->readable[from];
	struct packet p;
	enum verdict verdict = take_packet(*bytes, &p, &d->need);
	size_t size;

	if (verdict != MATCH)
		return verdict == NEED_MORE ? NEED_MORE : MALFORMED;
	d->need = 0;
	size = p.size + (readable ? (size_t)s->mac_size[from] : 0);
	dissection_pass_over(d, bytes, size);
	return read_message(d, from, &p, offset);
}

/* Version 1: length, padding to 8 bytes, type, data, CRC. The session key's message names the cipher. */
static enum verdict
read_packet_1(struct dissection *d, enum direction from, struct cursor *bytes, uint64_t offset)
{
	struct cursor c = *bytes, content;
	uint32_t size = cursor_u32(&c);
	uint8_t type, cipher;

	if (from == FROM_SERVER) {
		cursor_skip(bytes, cursor_left(bytes));
		return MATCH;
	}
	if (!cursor_ok(&c))
		return NEED_MORE;
	if (size < 5 || size > PACKET_MAX)
		return MALFORMED;
	cursor_skip(&c, 8 - size % 8);
	content = cursor_sub(&c, size);
	type = cursor_u8(&content);
	cipher = cursor_u8(&content);
	if (!cursor_ok(&content))
		return NEED_MORE;
	*bytes = c;
	if (type != SSH1_CMSG_SESSION_KEY)
		return MATCH;
	evidence_encryption(d->evidence, cipher == 0 ? ENCRYPTION_PLAINTEXT : ENCRYPTION_ENCRYPTED, STRENGTH_STRUCTURE, "SSH 1.5 SSH_CMSG_SESSION_KEY", from, offset);
	d->evidence->encryption.by = cipher == 0 ? NULL : "ssh";
	d->evidence->encryption.cipher = ssh1_cipher_name(cipher);
	return DONE;
}

static enum verdict
read_one(struct dissection *d, enum direction from, struct cursor *bytes, uint64_t offset)
{
	struct ssh_state *s = d->state;

	if (s->version[from] == 0 && !d->flow->handshake_seen && cursor_peek(bytes, 0) == 0)
		s->version[from] = 2; /* its banner was before */
	if (s->version[from] == 0)
		return read_banner(d, from, bytes, offset);
	/* Which version it is depends on the other banner; who is first to send a packet has seen it. */
	if (s->version[1 - from] == 0 && s->version[from] != 2)
		return NEED_MORE;
	return is_version_1(s) ? read_packet_1(d, from, bytes, offset) : read_packet(d, from, bytes, offset);
}

static enum verdict
ssh_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	return dissect_messages(d, from, bytes, read_one);
}

/* Behind the banners, where their capture is missing: a whole KEXINIT. */
static enum verdict
probe_kexinit(struct cursor bytes)
{
	struct packet p;
	struct kexinit k;
	size_t need;
	enum verdict verdict;

	if (cursor_peek(&bytes, 1) > 0 || (cursor_left(&bytes) > 5 && cursor_peek(&bytes, 5) != KEXINIT))
		return NO_MATCH;
	verdict = take_packet(bytes, &p, &need);
	return verdict == MATCH && !read_lists(p.payload, &k) ? NO_MATCH : verdict;
}

static enum verdict
ssh_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	(void)from;
	*strength = STRENGTH_STRUCTURE;
	if (cursor_peek(&bytes, 0) == 0)
		return flow->handshake_seen ? NO_MATCH : probe_kexinit(bytes);
	return probe_banner(bytes);
}

const struct dissector ssh_dissector = {
	.name = "ssh",
	.specification = "RFC 4253",
	.ip_protocol = IPPROTO_TCP,
	.hint_ports = { 22 },
	.first_bytes = { "S\0", "S\0" },
	.first_bytes_size = { 2, 2 },
	.state_size = sizeof(struct ssh_state),
	.probe = ssh_probe,
	.dissect = ssh_dissect,
};
