/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters of workers into those of the sensor. A worker counts from nothing each time it is
 * started, and one that was taken over may say anything: what is shown goes on, and never back.
 */
#ifndef PODWIRE_CAPTURE_COUNTS_H
#define PODWIRE_CAPTURE_COUNTS_H

#include <stddef.h>
#include <stdint.h>

#include "messages.h"
#include "status.h"

/*
 * Takes what worker `index` of the status counted, messages_check() having found it sound. *last is
 * what was taken of it before in its life, its interfaces by slot: all 0 for one that has just begun.
 */
void capture_counts_take(struct sensor_status *, uint32_t index, const struct live_counters *, struct live_counters *last);

#endif
