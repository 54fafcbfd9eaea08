/* SPDX-License-Identifier: Apache-2.0 */
/* process.scheduler: which numbers go with which policy (sched(7), sched_setattr(2)). */
#include <inttypes.h>
#include <linux/sched.h>

#include "oci-spec/fields.h"
#include "plan/builder.h"

enum { REALTIME_PRIORITY_MIN = 1, REALTIME_PRIORITY_MAX = 99 };

static int check_deadline(const struct oci_scheduler *wanted, const char *where, bool is_deadline,
                          struct thole_error *err) {
    const uint64_t runtime = wanted->runtime.value;
    const uint64_t deadline = wanted->deadline.value;
    const uint64_t period = wanted->period.value;
    if (!is_deadline && (runtime != 0 || deadline != 0 || period != 0))
        return error_config(err, where, "runtime, deadline and period are for SCHED_DEADLINE only");
    if (is_deadline && (runtime == 0 || runtime > deadline || (period != 0 && deadline > period)))
        return error_config(err, where,
                            "SCHED_DEADLINE needs 0 < runtime <= deadline <= period, not "
                            "runtime %" PRIu64 ", deadline %" PRIu64 ", period %" PRIu64,
                            runtime, deadline, period);
    return 0;
}

static int check_priorities(const struct oci_scheduler *wanted, const char *where,
                            struct thole_error *err) {
    const bool realtime = wanted->policy == SCHED_FIFO || wanted->policy == SCHED_RR;
    const int64_t priority = wanted->priority.value;
    if (priority != 0 && !realtime)
        return error_config(err, where, "priority is for SCHED_FIFO and SCHED_RR only");
    if (realtime && (priority < REALTIME_PRIORITY_MIN || priority > REALTIME_PRIORITY_MAX))
        return error_config(err, where,
                            "SCHED_FIFO and SCHED_RR need a priority of 1 to 99, not %" PRId64,
                            priority);
    return 0;
}

int plan_build_scheduler(const struct plan_builder *builder, const struct oci_scheduler *wanted,
                         const char *where, struct plan_scheduler *ret_scheduler,
                         struct thole_error *err) {
    if (wanted == NULL)
        return 0;
    where = arena_printf(builder->arena, "%s/scheduler", where);
    const bool nice = wanted->policy == SCHED_NORMAL || wanted->policy == SCHED_BATCH;
    if (wanted->nice.value != 0 && !nice)
        plan_note(builder, arena_printf(builder->arena, "%s/nice", where),
                  "has no effect: it is for SCHED_OTHER and SCHED_BATCH only");
    if (check_priorities(wanted, where, err) < 0 ||
        check_deadline(wanted, where, wanted->policy == SCHED_DEADLINE, err) < 0)
        return -1;
    *ret_scheduler = (struct plan_scheduler){
        .set = true,
        .policy = (uint32_t)wanted->policy,
        .nice = nice ? (int32_t)wanted->nice.value : 0,
        .priority = (uint32_t)wanted->priority.value,
        .flags = (uint64_t)oci_names_mask(oci_scheduler_flags, &wanted->flags),
        .runtime = wanted->runtime.value,
        .deadline = wanted->deadline.value,
        .period = wanted->period.value,
    };
    return 0;
}
