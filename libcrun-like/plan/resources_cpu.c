/* SPDX-License-Identifier: Apache-2.0 */
/* CPU shares, bandwidth, realtime and CPU sets. */
#include <inttypes.h>

#include "plan/resources.h"

enum {
    SHARES_MIN = 2,
    SHARES_MAX = 262144,
    WEIGHT_MIN = 1,
    WEIGHT_MAX = 10000,
    PERIOD_DEFAULT = 100000, /* microseconds */
    BINARY_DIGITS = 50,
};

/* log2() and exp2() of libm, which nothing else needs; good to about 1e-13. */
static double binary_logarithm(double value) {
    double logarithm = 0;
    while (value >= 2) {
        value /= 2;
        logarithm += 1;
    }
    double bit = 1;
    for (int step = 0; step < BINARY_DIGITS; step++) {
        bit /= 2;
        value *= value;
        if (value >= 2) {
            value /= 2;
            logarithm += bit;
        }
    }
    return logarithm;
}

static double power_of_two(double exponent) {
    double result = 1;
    while (exponent >= 1) {
        exponent -= 1;
        result *= 2;
    }
    const double x = exponent * 0.693147180559945309417; /* ln 2 */
    double term = 1;
    double series = 1;
    for (int n = 1; n < 20; n++) {
        term *= x / n;
        series += term;
    }
    return result * series;
}

/* 10^((l*l + 125*l)/612 - 7/34) with l = log2(shares), rounded up; what both incumbents use. */
uint64_t plan_cpu_weight(uint64_t shares) {
    if (shares <= SHARES_MIN)
        return WEIGHT_MIN;
    if (shares >= SHARES_MAX)
        return WEIGHT_MAX;
    const double log2_of_10 = 3.321928094887362347870;
    const double l = binary_logarithm((double)shares);
    const double exponent = (l * l + 125 * l) / 612 - 7.0 / 34;
    const double weight = power_of_two(exponent * log2_of_10);
    uint64_t rounded = (uint64_t)weight;
    if (weight - (double)rounded > 1e-9) /* an exact result must not be rounded up */
        rounded++;
    return rounded;
}

static int write_shares(const struct plan_resources_target *target, const struct oci_cpu *cpu,
                        struct thole_error *err) {
    struct plan_controller controller;
    const bool shares = cpu->shares.set && cpu->shares.value != 0;
    if (shares) {
        if (plan_need_controller(target, "cpu", "cpu", "cpu/shares", &controller, err) < 0)
            return -1;
        const uint64_t value =
            controller.unified ? plan_cpu_weight(cpu->shares.value) : cpu->shares.value;
        /* A group that is idle has no shares: if this changes, cpu.idle has to go first. */
        plan_add_number(target, controller.directory, "cpu/shares",
                        controller.unified ? "cpu.weight" : "cpu.shares", value)
            ->retry = true;
    }
    if (!cpu->idle.set ||
        (cpu->idle.value == 0 && !plan_find_controller(target, "cpu", "cpu", &controller)))
        return 0;
    if (plan_need_controller(target, "cpu", "cpu", "cpu/idle", &controller, err) < 0)
        return -1;
    plan_add_number(target, controller.directory, "cpu/idle", "cpu.idle", (uint64_t)cpu->idle.value)
        ->optional = cpu->idle.value == 0;
    return 0;
}

static void write_v1_bandwidth(const struct plan_resources_target *target, size_t directory,
                               const struct oci_cpu *cpu) {
    if (cpu->period.set && cpu->period.value != 0)
        plan_add_number(target, directory, "cpu/period", "cpu.cfs_period_us", cpu->period.value)
            ->retry = true;
    if (cpu->quota.set)
        plan_add_limit(target, directory, "cpu/quota", "cpu.cfs_quota_us",
                       cpu->quota.value == 0 ? -1 : cpu->quota.value, "-1")
            ->retry = true;
}

static void write_v2_bandwidth(const struct plan_resources_target *target, size_t directory,
                               const struct oci_cpu *cpu) {
    const bool limited = cpu->quota.set && cpu->quota.value > 0;
    const uint64_t period =
        cpu->period.set && cpu->period.value != 0 ? cpu->period.value : PERIOD_DEFAULT;
    struct plan_cgroup_write *write =
        plan_add_limit(target, directory, cpu->quota.set ? "cpu/quota" : "cpu/period", "cpu.max",
                       limited ? cpu->quota.value : -1, "max");
    write->value = arena_printf(target->arena, "%s %" PRIu64, write->value, period);
    write->period = period;
    write->retry = true;
}

static int write_bandwidth(const struct plan_resources_target *target, const struct oci_cpu *cpu,
                           struct thole_error *err) {
    struct plan_controller controller;
    const bool limited = cpu->quota.set && cpu->quota.value > 0;
    const bool period = cpu->period.set && cpu->period.value != 0;
    const bool burst = cpu->burst.set && cpu->burst.value != 0;
    if (limited && cpu->burst.value > (uint64_t)cpu->quota.value)
        return error_config(err, arena_printf(target->arena, "%s/cpu/burst", target->where),
                            "%" PRIu64 " is larger than cpu.quota, %" PRId64, cpu->burst.value,
                            cpu->quota.value);
    if (!cpu->quota.set && !period && !cpu->burst.set)
        return 0;
    if (!limited && !burst && !plan_find_controller(target, "cpu", "cpu", &controller))
        return 0;
    if (plan_need_controller(target, "cpu", "cpu", limited ? "cpu/quota" : "cpu/burst", &controller,
                             err) < 0)
        return -1;
    if (!controller.unified)
        write_v1_bandwidth(target, controller.directory, cpu);
    else if (cpu->quota.set || period)
        write_v2_bandwidth(target, controller.directory, cpu);
    if (!cpu->burst.set)
        return 0;
    struct plan_cgroup_write *write = plan_add_number(
        target, controller.directory, "cpu/burst",
        controller.unified ? "cpu.max.burst" : "cpu.cfs_burst_us", cpu->burst.value);
    write->retry = true;
    write->optional = !burst;
    return 0;
}

static int write_realtime(const struct plan_resources_target *target, const struct oci_cpu *cpu,
                          struct thole_error *err) {
    struct plan_controller controller;
    if (cpu->realtime_period.set && cpu->realtime_period.value != 0) {
        if (plan_need_controller(target, "cpu", NULL, "cpu/realtimePeriod", &controller, err) < 0)
            return -1;
        plan_add_number(target, controller.directory, "cpu/realtimePeriod", "cpu.rt_period_us",
                        cpu->realtime_period.value)
            ->retry = true;
    }
    if (cpu->realtime_runtime.set && cpu->realtime_runtime.value != 0) {
        if (plan_need_controller(target, "cpu", NULL, "cpu/realtimeRuntime", &controller, err) < 0)
            return -1;
        plan_add_limit(target, controller.directory, "cpu/realtimeRuntime", "cpu.rt_runtime_us",
                       cpu->realtime_runtime.value, "-1")
            ->retry = true;
    }
    return 0;
}

static int write_set(const struct plan_resources_target *target, const char *list,
                     const char *member, const char *file, struct thole_error *err) {
    struct plan_controller controller;
    if (list == NULL || list[0] == '\0')
        return 0;
    if (plan_need_controller(target, "cpuset", "cpuset", member, &controller, err) < 0)
        return -1;
    (void)plan_add_write(target, controller.directory, member, file, list);
    return 0;
}

int plan_resources_cpu(const struct plan_resources_target *target,
                       const struct oci_resources *resources, struct thole_error *err) {
    const struct oci_cpu *cpu = resources->cpu;
    if (cpu == NULL)
        return 0;
    if (write_shares(target, cpu, err) < 0 || write_bandwidth(target, cpu, err) < 0 ||
        write_realtime(target, cpu, err) < 0 ||
        write_set(target, cpu->cpus, "cpu/cpus", "cpuset.cpus", err) < 0)
        return -1;
    return write_set(target, cpu->mems, "cpu/mems", "cpuset.mems", err);
}
