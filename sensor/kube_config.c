/* SPDX-License-Identifier: Apache-2.0 */
/* Where the Kubernetes API is: from a pod's environment (client-go rest/config.go) and from options. */
#include <config.h>

#include "kube_config.h"

#include <arpa/inet.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
wipe(char **text)
{
	if (*text != NULL)
		OPENSSL_cleanse(*text, strlen(*text));
	free(*text);
	*text = NULL;
}

void
kube_config_clear(struct kube_config *c)
{
	wipe(&c->ca_file);
	wipe(&c->ca_data);
	wipe(&c->token_file);
	wipe(&c->token);
	wipe(&c->certificate_file);
	wipe(&c->certificate_data);
	wipe(&c->key_file);
	wipe(&c->key_data);
	*c = (struct kube_config){ .port = 0 };
}

bool
kube_config_address(const struct kube_config *c, uint8_t out[16], size_t *size)
{
	*size = 4;
	if (inet_pton(AF_INET, c->host, out) == 1)
		return true;
	*size = 16;
	return inet_pton(AF_INET6, c->host, out) == 1;
}

void
kube_config_authority(const struct kube_config *c, char *out, size_t size)
{
	bool six = strchr(c->host, ':') != NULL;

	(void)snprintf(out, size, "%s%s%s:%u", six ? "[" : "", c->host, six ? "]" : "", c->port);
}

static bool
read_port(const char *text, uint16_t *out)
{
	char *end;
	long port;

	if (*text < '0' || *text > '9')
		return false;
	port = strtol(text, &end, 10);
	*out = (uint16_t)port;
	return *end == '\0' && port > 0 && port <= UINT16_MAX;
}

static bool
is_host(const struct kube_config *c)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._";
	uint8_t address[16];
	size_t size;

	return kube_config_address(c, address, &size) || (c->host[0] != '\0' && c->host[strspn(c->host, allowed)] == '\0');
}

static bool
is_loopback(const struct kube_config *c)
{
	return strcmp(c->host, "localhost") == 0 || strcmp(c->host, "::1") == 0 || (strncmp(c->host, "127.", 4) == 0 && strspn(c->host, "0123456789.") == strlen(c->host));
}

/* "HOST", "HOST:PORT", "[ADDRESS]:PORT" */
static bool
read_authority(struct kube_config *c, const char *text, size_t size)
{
	char copy[300], *host = copy, *port = NULL, *end;

	if (size >= sizeof(copy))
		return false;
	memcpy(copy, text, size);
	copy[size] = '\0';
	if (*copy == '[') {
		host = copy + 1;
		end = strchr(host, ']');
		if (end == NULL || (end[1] != '\0' && end[1] != ':'))
			return false;
		port = end[1] == ':' ? end + 2 : NULL;
		*end = '\0';
	} else if ((end = strrchr(copy, ':')) != NULL) {
		*end = '\0';
		port = end + 1;
	}
	c->port = c->tls ? 443 : 80;
	if (strlen(host) >= sizeof(c->host) || (port != NULL && !read_port(port, &c->port)) || (*copy != '[' && strchr(host, ':') != NULL))
		return false;
	memcpy(c->host, host, strlen(host) + 1);
	return is_host(c);
}

static bool
read_prefix(struct kube_config *c, const char *path)
{
	size_t size = strlen(path);

	while (size > 0 && path[size - 1] == '/')
		size--;
	if (size >= sizeof(c->prefix))
		return false;
	for (size_t i = 0; i < size; i++)
		if (path[i] <= ' ' || path[i] > '~' || path[i] == '?' || path[i] == '#')
			return false;
	memcpy(c->prefix, path, size);
	c->prefix[size] = '\0';
	return true;
}

bool
kube_config_read_url(struct kube_config *c, const char *url, char *error, size_t error_size)
{
	const char *authority = strstr(url, "://"), *path;

	c->tls = strncmp(url, "https://", 8) == 0;
	if (authority == NULL || (!c->tls && strncmp(url, "http://", 7) != 0)) {
		(void)snprintf(error, error_size, "the URL of the Kubernetes API must be https://HOST[:PORT][/PREFIX]");
		return false;
	}
	authority += 3;
	path = authority + strcspn(authority, "/?#");
	/* What is before an @ could be a password: the URL is not repeated. */
	if (!read_authority(c, authority, (size_t)(path - authority)) || !read_prefix(c, path)) {
		(void)snprintf(error, error_size, "the URL of the Kubernetes API has no good host, port or path; it must be https://HOST[:PORT][/PREFIX]");
		return false;
	}
	if (c->tls || is_loopback(c))
		return true;
	(void)snprintf(error, error_size, "the URL of the Kubernetes API must be https://, but for a loopback address");
	return false;
}

static void
set(char **out, const char *text)
{
	wipe(out);
	*out = strdup(text);
	if (*out == NULL)
		abort();
}

static bool
check_file(const char *path, char *error, size_t error_size)
{
	if (access(path, R_OK) == 0)
		return true;
	(void)snprintf(error, error_size, "%s: %m", path);
	return false;
}

bool
kube_config_check_files(const struct kube_config *c, char *error, size_t error_size)
{
	const char *const files[] = { c->token_file, c->ca_file, c->certificate_file, c->key_file };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (files[i] != NULL && !check_file(files[i], error, error_size))
			return false;
	return true;
}

bool
kube_config_in_cluster(struct kube_config *c, const char *directory, char *error, size_t error_size)
{
	const char *host = getenv("KUBERNETES_SERVICE_HOST"), *port = getenv("KUBERNETES_SERVICE_PORT");
	char path[4096];

	*c = (struct kube_config){ .tls = true };
	if (host == NULL || *host == '\0' || port == NULL || *port == '\0') {
		(void)snprintf(error, error_size, "not in a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set; give --kubeconfig or --kube-url");
		return false;
	}
	if (strlen(host) >= sizeof(c->host) || !read_port(port, &c->port)) {
		(void)snprintf(error, error_size, "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are no host and port");
		return false;
	}
	(void)snprintf(c->host, sizeof(c->host), "%s", host);
	(void)snprintf(path, sizeof(path), "%s/token", directory);
	set(&c->token_file, path);
	(void)snprintf(path, sizeof(path), "%s/ca.crt", directory);
	set(&c->ca_file, path);
	if (!is_host(c))
		(void)snprintf(error, error_size, "KUBERNETES_SERVICE_HOST is no host");
	else if (kube_config_check_files(c, error, error_size))
		return true;
	kube_config_clear(c);
	return false;
}

bool
kube_config_override(struct kube_config *c, const char *url, const char *ca_file, const char *token_file, char *error, size_t error_size)
{
	if (url != NULL) {
		kube_config_clear(c);
		if (!kube_config_read_url(c, url, error, error_size))
			return false;
	}
	if (ca_file != NULL) {
		if (!check_file(ca_file, error, error_size))
			return false;
		wipe(&c->ca_data);
		set(&c->ca_file, ca_file);
	}
	if (token_file != NULL) {
		if (!check_file(token_file, error, error_size))
			return false;
		wipe(&c->token);
		set(&c->token_file, token_file);
	}
	if (c->host[0] == '\0') {
		(void)snprintf(error, error_size, "no Kubernetes API is named: give --kube-url or --kubeconfig");
		return false;
	}
	if (c->tls || (c->token_file == NULL && c->token == NULL))
		return true;
	(void)snprintf(error, error_size, "a token is not sent without TLS: the URL of the Kubernetes API must be https://");
	return false;
}
