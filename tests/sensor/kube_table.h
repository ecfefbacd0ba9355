/* SPDX-License-Identifier: Apache-2.0 */
/* A sink for tests: a table of each kind, uid -> name and version, as the client tells of it. */
#ifndef PODWIRE_TESTS_KUBE_TABLE_H
#define PODWIRE_TESTS_KUBE_TABLE_H

#include <jansson.h>

#include "sensor/kube_sink.h"

struct kube_table {
	json_t *kinds[KUBE_KIND_COUNT]; /* uid -> ["namespace/name", version, generation] */
	int generation[KUBE_KIND_COUNT];
	unsigned begins, ends, objects, pages;
	bool relisting[KUBE_KIND_COUNT];
	bool anew;                      /* the last begin */
	const char *flaw;               /* what a client must never do, or NULL */
};

void kube_table_init(struct kube_table *);
void kube_table_clear(struct kube_table *);
struct kube_sink kube_table_sink(struct kube_table *);

/* {"pods": {uid: "namespace/name version"}, ...}, sorted by key. Returns owned (free()). */
char *kube_table_text(const struct kube_table *);

#endif
