/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Service account tokens last about an hour, and the kubelet replaces their file by swapping a
 * symbolic link: it is opened by its path each time.
 */
#include <config.h>

#include "kube_token.h"

#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "read_file.h"

static const size_t token_limit = (size_t)64 << 10;

static void
wipe(char *text)
{
	if (text != NULL)
		OPENSSL_cleanse(text, strlen(text));
	free(text);
}

/* Without white space at its end; false where that leaves nothing, or what no header may have. */
static bool
trim(char *text)
{
	size_t size = strlen(text);

	while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r' || text[size - 1] == ' ' || text[size - 1] == '\t'))
		text[--size] = '\0';
	for (const char *c = text; *c != '\0'; c++)
		if (*c <= ' ' || *c > '~')
			return false;
	return size > 0;
}

const char *
kube_token_get(struct kube_token *t, int64_t now)
{
	char error[256], *read;
	size_t size;

	if (t->path == NULL || (t->read_at != 0 && now - t->read_at < t->lifetime))
		return t->value;
	t->read_at = now;
	read = read_file(t->path, token_limit, &size, error, sizeof(error));
	if (read == NULL || !trim(read)) {
		wipe(read);
		return t->value;
	}
	wipe(t->value);
	t->value = read;
	return t->value;
}

void
kube_token_forget(struct kube_token *t)
{
	t->read_at = 0;
}

void
kube_token_clear(struct kube_token *t)
{
	wipe(t->value);
	*t = (struct kube_token){ .path = NULL };
}
