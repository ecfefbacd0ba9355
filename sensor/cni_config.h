/* SPDX-License-Identifier: Apache-2.0 */
/* Which bridges the CNI configuration of a node names (CNI specification 1.0, section 1; plugin "bridge"). */
#ifndef PODWIRE_CNI_CONFIG_H
#define PODWIRE_CNI_CONFIG_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include "capture_plan.h"

#define CNI_CONFIG_DIRECTORY "/etc/cni/net.d"

/* Called with one line for each file that was passed over, and why. */
typedef void cni_config_warning(void *context, const char *line);

/*
 * Reads *.conf, *.conflist and *.json of a directory, in order of name, and sets the names of the
 * bridges, each once, at most BRIDGES_MAX. Returns how many. A directory that is not there has none.
 */
size_t cni_config_bridges(const char *directory, char bridges[BRIDGES_MAX][IFNAMSIZ], cni_config_warning *, void *context);

/* The same of the text of one file, adding to count; false with a line in error[] where it is no CNI configuration. */
bool cni_config_parse(const char *name, const char *text, size_t size, char bridges[BRIDGES_MAX][IFNAMSIZ], size_t *count, char *error, size_t error_size);

#endif
