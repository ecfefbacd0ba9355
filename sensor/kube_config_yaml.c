/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kubeconfig files (client-go tools/clientcmd/api/v1): of the current context, what a sensor can
 * use. Whatever would run a program, or weaken TLS, is refused by name.
 */
#include <config.h>

#include "kube_config.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "read_file.h"

static const size_t file_limit = (size_t)1 << 20;

struct reader {
	struct kube_config *config;
	const char *path;
	yaml_document_t document;
	char *error;
	size_t error_size;
	bool failed;
};

/* The first error stays. No value is repeated but names that the file gives. */
__attribute__((format(printf, 2, 3))) static void
fail(struct reader *r, const char *format, ...)
{
	char text[256];
	va_list arguments;

	if (r->failed)
		return;
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	for (char *c = text; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	(void)snprintf(r->error, r->error_size, "%s: %s", r->path, text);
	r->failed = true;
}

static yaml_node_t *
member(struct reader *r, const yaml_node_t *map, const char *key)
{
	if (map == NULL || map->type != YAML_MAPPING_NODE)
		return NULL;
	for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top; p++) {
		yaml_node_t *k = yaml_document_get_node(&r->document, p->key);

		if (k != NULL && k->type == YAML_SCALAR_NODE && k->data.scalar.length == strlen(key) && memcmp(k->data.scalar.value, key, strlen(key)) == 0)
			return yaml_document_get_node(&r->document, p->value);
	}
	return NULL;
}

/* A text, or NULL where it is absent or empty. */
static const char *
text_of(struct reader *r, const yaml_node_t *map, const char *key)
{
	yaml_node_t *n = member(r, map, key);

	if (n == NULL)
		return NULL;
	if (n->type != YAML_SCALAR_NODE || strlen((const char *)n->data.scalar.value) != n->data.scalar.length) {
		fail(r, "%s is no text", key);
		return NULL;
	}
	return n->data.scalar.length > 0 ? (const char *)n->data.scalar.value : NULL;
}

/* The entry called name of the list, as clusters: [{name: n, cluster: {...}}]; NULL, after an error, where there is none. */
static yaml_node_t *
entry(struct reader *r, const yaml_node_t *top, const char *list, const char *name, const char *inner)
{
	yaml_node_t *n = member(r, top, list), *item, *found;
	const char *its_name;

	if (name == NULL) {
		fail(r, "the current context names no %s", inner);
		return NULL;
	}
	if (n != NULL && n->type == YAML_SEQUENCE_NODE)
		for (yaml_node_item_t *i = n->data.sequence.items.start; i < n->data.sequence.items.top; i++) {
			item = yaml_document_get_node(&r->document, *i);
			its_name = text_of(r, item, "name");
			found = member(r, item, inner);
			if (its_name != NULL && strcmp(its_name, name) == 0 && found != NULL && found->type == YAML_MAPPING_NODE)
				return found;
		}
	fail(r, "%s has no \"%s\"", list, name);
	return NULL;
}

/* Paths are relative to the file. */
static void
set_path(struct reader *r, const yaml_node_t *map, const char *key, char **out)
{
	const char *path = text_of(r, map, key), *slash = strrchr(r->path, '/');
	int size;

	if (path == NULL)
		return;
	if (path[0] == '/' || slash == NULL)
		size = asprintf(out, "%s", path);
	else
		size = asprintf(out, "%.*s/%s", (int)(slash - r->path), r->path, path);
	if (size < 0)
		abort();
}

/* base64 of PEM. */
static void
set_data(struct reader *r, const yaml_node_t *map, const char *key, char **out)
{
	const char *text = text_of(r, map, key);
	EVP_ENCODE_CTX *decoding;
	unsigned char *bytes;
	int size = 0, rest = 0;
	bool good;

	if (text == NULL)
		return;
	bytes = calloc(1, strlen(text) + 4);
	decoding = EVP_ENCODE_CTX_new();
	if (bytes == NULL || decoding == NULL)
		abort();
	EVP_DecodeInit(decoding);
	good = EVP_DecodeUpdate(decoding, bytes, &size, (const unsigned char *)text, (int)strlen(text)) >= 0 && EVP_DecodeFinal(decoding, bytes + size, &rest) >= 0;
	EVP_ENCODE_CTX_free(decoding);
	*out = (char *)bytes;
	if (!good || size == 0)
		fail(r, "%s is no base64", key);
}

static void
refuse(struct reader *r, const yaml_node_t *map, const char *key, const char *why)
{
	yaml_node_t *n = member(r, map, key);

	if (n != NULL && !(n->type == YAML_SCALAR_NODE && (n->data.scalar.length == 0 || strcmp((const char *)n->data.scalar.value, "false") == 0)))
		fail(r, "%s: %s", key, why);
}

static void
read_cluster(struct reader *r, const yaml_node_t *cluster)
{
	const char *server = text_of(r, cluster, "server"), *name = text_of(r, cluster, "tls-server-name");
	char why[160];

	refuse(r, cluster, "insecure-skip-tls-verify", "the server's certificate is always checked");
	refuse(r, cluster, "proxy-url", "proxies are not supported");
	if (server == NULL) {
		fail(r, "the cluster has no server");
		return;
	}
	if (!kube_config_read_url(r->config, server, why, sizeof(why)))
		fail(r, "server: %s", why);
	if (name != NULL && (size_t)snprintf(r->config->server_name, sizeof(r->config->server_name), "%s", name) >= sizeof(r->config->server_name))
		fail(r, "tls-server-name is too long");
	set_data(r, cluster, "certificate-authority-data", &r->config->ca_data);
	if (r->config->ca_data == NULL)
		set_path(r, cluster, "certificate-authority", &r->config->ca_file);
}

static void
read_user(struct reader *r, const yaml_node_t *user)
{
	static const char plugins[] = "no program is run to get credentials; use a token, a tokenFile or a client certificate";
	static const char passwords[] = "passwords are not supported; use a token, a tokenFile or a client certificate";
	static const char *const impersonation[] = { "as", "as-uid", "as-groups", "as-user-extra" };
	struct kube_config *c = r->config;
	const char *token = text_of(r, user, "token");

	refuse(r, user, "exec", plugins);
	refuse(r, user, "auth-provider", plugins);
	refuse(r, user, "username", passwords);
	refuse(r, user, "password", passwords);
	for (size_t i = 0; i < sizeof(impersonation) / sizeof(impersonation[0]); i++)
		refuse(r, user, impersonation[i], "acting as somebody else is not supported");
	set_path(r, user, "tokenFile", &c->token_file);
	if (token != NULL && strspn(token, "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~") != strlen(token))
		fail(r, "token has characters that no token has");
	else if (token != NULL && (c->token = strdup(token)) == NULL)
		abort();
	set_data(r, user, "client-certificate-data", &c->certificate_data);
	if (c->certificate_data == NULL)
		set_path(r, user, "client-certificate", &c->certificate_file);
	set_data(r, user, "client-key-data", &c->key_data);
	if (c->key_data == NULL)
		set_path(r, user, "client-key", &c->key_file);
	if ((c->certificate_data != NULL || c->certificate_file != NULL) != (c->key_data != NULL || c->key_file != NULL))
		fail(r, "a client certificate and its key must be given together");
	if (!c->tls && (c->token != NULL || c->token_file != NULL))
		fail(r, "a token is not sent without TLS");
}

static void
read_top(struct reader *r)
{
	yaml_node_t *top = yaml_document_get_root_node(&r->document), *context, *cluster, *user;
	const char *current = text_of(r, top, "current-context");

	if (current == NULL) {
		fail(r, "there is no current-context");
		return;
	}
	context = entry(r, top, "contexts", current, "context");
	if (context == NULL)
		return;
	cluster = entry(r, top, "clusters", text_of(r, context, "cluster"), "cluster");
	user = cluster != NULL ? entry(r, top, "users", text_of(r, context, "user"), "user") : NULL;
	if (user == NULL)
		return;
	read_cluster(r, cluster);
	read_user(r, user);
}

static void
parse(struct reader *r, const char *text, size_t size)
{
	yaml_parser_t parser;

	if (yaml_parser_initialize(&parser) == 0)
		abort();
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
	if (yaml_parser_load(&parser, &r->document) == 0) {
		fail(r, "line %zu: %s", parser.problem_mark.line + 1, parser.problem != NULL ? parser.problem : "no YAML");
	} else {
		read_top(r);
		yaml_document_delete(&r->document);
	}
	yaml_parser_delete(&parser);
}

bool
kube_config_load(struct kube_config *c, const char *path, char *error, size_t error_size)
{
	struct reader r = { .config = c, .path = path, .error = error, .error_size = error_size };
	size_t size;
	char *text = read_file(path, file_limit, &size, error, error_size);

	*c = (struct kube_config){ .port = 0 };
	if (text == NULL)
		return false;
	parse(&r, text, size);
	OPENSSL_cleanse(text, size);
	free(text);
	if (r.failed)
		kube_config_clear(c);
	return !r.failed;
}
