/* SPDX-License-Identifier: Apache-2.0 */
/* The bearer token for a Kubernetes API, read again as its file is replaced. It is never shown. */
#ifndef PODWIRE_KUBE_TOKEN_H
#define PODWIRE_KUBE_TOKEN_H

#include <stdint.h>

struct kube_token {
	const char *path;  /* NULL: value stays as it is */
	int64_t lifetime;  /* ns after which the file is read again */
	int64_t read_at;   /* 0: to be read */
	char *value;       /* owned; NULL: none yet */
};

/* Seconds that a token is used before its file is read again. */
enum { KUBE_TOKEN_SECONDS = 60 };

/* The token now, or NULL. A file that is empty or cannot be read leaves the one before. */
const char *kube_token_get(struct kube_token *, int64_t now);

/* It was refused: read it next time. */
void kube_token_forget(struct kube_token *);

void kube_token_clear(struct kube_token *);

#endif
