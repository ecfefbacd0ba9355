/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target for the pcapng reader: the input is a file. */
#include <config.h>

#include <stdlib.h>

#include "sensor/capture_pcapng.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static volatile uint8_t sum;
	struct pcapng *p;
	struct frame frame;
	char error[128];
	FILE *file;

	if (size == 0)
		return 0;
	file = fmemopen((void *)(uintptr_t)data, size, "rb");
	if (file == NULL)
		abort();
	p = pcapng_new(file, error, sizeof(error));
	while (p != NULL && pcapng_next(p, &frame, error, sizeof(error)) == CAPTURE_FRAME)
		for (uint32_t i = 0; i < frame.captured; i++)
			sum = (uint8_t)(sum + frame.bytes[i]);
	pcapng_free(p);
	fclose(file);
	return 0;
}
