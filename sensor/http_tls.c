/* SPDX-License-Identifier: Apache-2.0 */
/* See http_tls.h. */
#include <config.h>

#include "http_tls.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { FILE_CERTIFICATE, FILE_KEY, FILE_CLIENT_CA, FILE_TOKEN, FILE_COUNT };
enum { TOKEN_MAX = 4096, DIGEST_SIZE = 32 };

/* What tells one content of a path from another, through whatever symbolic links lead there. */
struct stamp {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec changed;
};

struct http_identity {
	char *paths[FILE_COUNT];
	struct stamp stamps[FILE_COUNT]; /* of the last try */
	SSL_CTX *tls;
	bool has_token;
	unsigned char token[DIGEST_SIZE]; /* SHA-256: of one size whatever the token's is */
};

static struct stamp
stamp_of(const char *path)
{
	struct stat st;

	if (path == NULL || stat(path, &st) != 0)
		return (struct stamp){ 0 };
	return (struct stamp){ .device = st.st_dev, .inode = st.st_ino, .size = st.st_size, .changed = st.st_mtim };
}

static bool
same_stamp(const struct stamp *a, const struct stamp *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size && a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

/* TLS. */

/* The first error that OpenSSL tells, in its words. */
static bool
fail(const char *path, const char *what, char *error, size_t error_size)
{
	unsigned long code = ERR_peek_error();
	const char *reason = ERR_GET_LIB(code) == ERR_LIB_SYS ? strerror(ERR_GET_REASON(code)) : ERR_reason_error_string(code);

	(void)snprintf(error, error_size, "%s: %s: %s", path, what, reason != NULL ? reason : "unknown error");
	ERR_clear_error();
	return false;
}

/* We speak HTTP/1.1 alone; a client that insists on something else is refused (RFC 7301 3.2). */
static int
choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_size, const unsigned char *in, unsigned in_size, void *context)
{
	static const unsigned char ours[] = "\x08http/1.1";
	unsigned char *chosen;

	(void)ssl;
	(void)context;
	if (SSL_select_next_proto(&chosen, out_size, ours, sizeof(ours) - 1, in, in_size) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

/* An encrypted key would ask a terminal for its password: there is none. */
static int
no_password(char *buffer, int size, int writing, void *context)
{
	(void)buffer;
	(void)size;
	(void)writing;
	(void)context;
	return 0;
}

static void
set_defaults(SSL_CTX *tls)
{
	(void)SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
	(void)SSL_CTX_set_options(tls, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_TICKET);
	(void)SSL_CTX_set_cipher_list(tls, "ECDHE+AESGCM:ECDHE+CHACHA20");
	(void)SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
	/* No session is ever resumed: every client shows its certificate each time. */
	(void)SSL_CTX_set_num_tickets(tls, 0);
	SSL_CTX_set_default_passwd_cb(tls, no_password);
	SSL_CTX_set_alpn_select_cb(tls, choose_alpn, NULL);
}

static bool
demand_certificates(SSL_CTX *tls, const char *path, char *error, size_t error_size)
{
	STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(path);

	if (names == NULL || SSL_CTX_load_verify_locations(tls, path, NULL) != 1) {
		sk_X509_NAME_pop_free(names, X509_NAME_free);
		return fail(path, "these are no certificates of authorities", error, error_size);
	}
	SSL_CTX_set_client_CA_list(tls, names);
	SSL_CTX_set_verify(tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	return true;
}

static bool
fill_tls(SSL_CTX *tls, char *const paths[FILE_COUNT], char *error, size_t error_size)
{
	if (SSL_CTX_use_certificate_chain_file(tls, paths[FILE_CERTIFICATE]) != 1)
		return fail(paths[FILE_CERTIFICATE], "this is no certificate", error, error_size);
	if (SSL_CTX_use_PrivateKey_file(tls, paths[FILE_KEY], SSL_FILETYPE_PEM) != 1)
		return fail(paths[FILE_KEY], "this is no private key of the certificate", error, error_size);
	if (SSL_CTX_check_private_key(tls) != 1)
		return fail(paths[FILE_KEY], "this is no private key of the certificate", error, error_size);
	return paths[FILE_CLIENT_CA] == NULL || demand_certificates(tls, paths[FILE_CLIENT_CA], error, error_size);
}

static bool
load_tls(struct http_identity *i, char *error, size_t error_size)
{
	SSL_CTX *tls;

	if (i->paths[FILE_CERTIFICATE] == NULL)
		return true;
	ERR_clear_error();
	if ((tls = SSL_CTX_new(TLS_server_method())) == NULL)
		abort();
	set_defaults(tls);
	if (!fill_tls(tls, i->paths, error, error_size)) {
		SSL_CTX_free(tls);
		return false;
	}
	SSL_CTX_free(i->tls); /* connections that use it have their own reference */
	i->tls = tls;
	return true;
}

/* The token. */

static void
digest(const char *text, size_t size, unsigned char out[DIGEST_SIZE])
{
	if (EVP_Digest(text, size, out, NULL, EVP_sha256(), NULL) != 1)
		abort();
}

static bool
load_token(struct http_identity *i, char *error, size_t error_size)
{
	char line[TOKEN_MAX + 2] = "";
	const char *path = i->paths[FILE_TOKEN];
	size_t size;
	FILE *f;

	if (path == NULL)
		return true;
	if ((f = fopen(path, "re")) == NULL) {
		(void)snprintf(error, error_size, "%s: %m", path);
		return false;
	}
	setvbuf(f, NULL, _IONBF, 0); /* no copy of a secret is left in a buffer */
	size = fread(line, 1, sizeof(line) - 1, f);
	(void)fclose(f);
	line[size] = '\0';
	size = strcspn(line, "\r\n \t");
	if (size == 0 || size > TOKEN_MAX)
		(void)snprintf(error, error_size, "%s: the first line must be a token of 1 to %d bytes", path, TOKEN_MAX);
	else
		digest(line, size, i->token);
	OPENSSL_cleanse(line, sizeof(line));
	if (size == 0 || size > TOKEN_MAX)
		return false;
	i->has_token = true;
	return true;
}

bool
http_identity_allows(const struct http_identity *i, const char *authorization)
{
	unsigned char shown[DIGEST_SIZE];
	const char *token = "";
	bool is_bearer;

	if (i->paths[FILE_TOKEN] == NULL)
		return true;
	is_bearer = authorization != NULL && strncasecmp(authorization, "Bearer ", 7) == 0;
	if (is_bearer)
		token = authorization + 7 + strspn(authorization + 7, " ");
	digest(token, strlen(token), shown);
	return CRYPTO_memcmp(shown, i->token, DIGEST_SIZE) == 0 && is_bearer && i->has_token;
}

/* The whole. */

struct http_identity *
http_identity_new(const char *certificate, const char *key, const char *client_ca, const char *token_file, char *error, size_t error_size)
{
	const char *const paths[FILE_COUNT] = { certificate, key, client_ca, token_file };
	struct http_identity *i;

	if ((certificate == NULL) != (key == NULL) || (client_ca != NULL && certificate == NULL)) {
		(void)snprintf(error, error_size, "%s", (certificate == NULL) != (key == NULL) ? "a TLS certificate and its key go together" : "client certificates need a TLS certificate and key of our own");
		return NULL;
	}
	if ((i = calloc(1, sizeof(*i))) == NULL)
		abort();
	for (unsigned n = 0; n < FILE_COUNT; n++) {
		i->stamps[n] = stamp_of(paths[n]);
		if (paths[n] != NULL && (i->paths[n] = strdup(paths[n])) == NULL)
			abort();
	}
	if (load_tls(i, error, error_size) && load_token(i, error, error_size))
		return i;
	http_identity_free(i);
	return NULL;
}

void
http_identity_free(struct http_identity *i)
{
	if (i == NULL)
		return;
	SSL_CTX_free(i->tls);
	for (unsigned n = 0; n < FILE_COUNT; n++)
		free(i->paths[n]);
	OPENSSL_cleanse(i->token, sizeof(i->token));
	free(i);
}

bool
http_identity_refresh(struct http_identity *i, char *error, size_t error_size)
{
	bool changed[FILE_COUNT], good = true;

	for (unsigned n = 0; n < FILE_COUNT; n++) {
		struct stamp now = stamp_of(i->paths[n]);

		changed[n] = !same_stamp(&now, &i->stamps[n]);
		i->stamps[n] = now;
	}
	if (changed[FILE_TOKEN])
		good = load_token(i, error, error_size);
	if (changed[FILE_CERTIFICATE] || changed[FILE_KEY] || changed[FILE_CLIENT_CA])
		good = load_tls(i, error, error_size) && good;
	return good;
}

bool
http_identity_has_tls(const struct http_identity *i)
{
	return i->tls != NULL;
}

struct ssl_st *
http_identity_accept(struct http_identity *i)
{
	return SSL_new(i->tls);
}
