/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target for CNI configuration: the input is a file. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "sensor/cni_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char bridges[BRIDGES_MAX][IFNAMSIZ], error[128] = "";
	size_t count = 0;
	bool good = cni_config_parse("10.conf", (const char *)data, size, bridges, &count, error, sizeof(error));

	/* All names are such as an interface can have; a refusal is one line. */
	if (count > BRIDGES_MAX || good == (error[0] != '\0') || strchr(error, '\n') != NULL)
		abort();
	for (size_t i = 0; i < count; i++)
		if (bridges[i][0] == '\0' || memchr(bridges[i], '\0', IFNAMSIZ) == NULL)
			abort();
	return 0;
}
