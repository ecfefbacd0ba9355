/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters of workers into those of the sensor. A worker counts from nothing each time it is
 * started, and one that was taken over may say anything: what is shown goes on, and never back.
 */
#ifndef PODWIRE_CAPTURE_COUNTS_H
#define PODWIRE_CAPTURE_COUNTS_H

#include <stddef.h>
#include <stdint.h>

#include "capture_live.h"
#include "messages.h"
#include "status.h"

/*
 * Takes what worker `index` of the status counted, messages_check() having found it sound. *last is
 * what was taken of it before in its life, its interfaces by slot: all 0 for one that has just begun.
 */
void capture_counts_take(struct sensor_status *, uint32_t index, const struct live_counters *, struct live_counters *last);

/*
 * Takes what the kernel had for worker `index` when it died, and for it until the next one took its place: *last is what
 * it told last. What it had not told of is lost, whether it had read it or not, with the flows that it had open.
 */
void capture_counts_take_left(struct sensor_status *, uint32_t index, const struct live_left *, const struct live_counters *last);

#endif
