/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The meaning of device rules: for every access bit the last rule that names the device decides,
 * and what no rule names is denied. The v1 controller knows only a default and exceptions from it,
 * so a list of rules has to be brought into that form first.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "plan/plan.h"

/** A default and exceptions from it. Items have type c or b and `allow` unlike the default. */
struct cgroup_device_list {
    bool allow_all;
    struct plan_device_rule *items; /* malloc'ed */
    size_t count;
    size_t capacity;
};

void cgroup_device_list_done(struct cgroup_device_list *list);
#define cleanup_cgroup_device_list __attribute__((cleanup(cgroup_device_list_done)))

/** The access bits that @rules grant to one device. */
unsigned cgroup_device_rules_access(const struct plan_device_rule *rules, size_t count, char type,
                                    int64_t major, int64_t minor);

/** True if @rules allow everything. */
bool cgroup_device_rules_allow_all(const struct plan_device_rule *rules, size_t count);

/**
 * Brings @rules into the form of v1. An exception from an exception ("c *:* but not c 1:3") cannot
 * be said there unless it is the same the other way round: then it is UNSUPPORTED.
 */
int cgroup_device_list_build(const struct plan_device_rule *rules, size_t count,
                             struct cgroup_device_list *ret_list, struct thole_error *err);

/** Reads the text of devices.list. Lines that make no sense are left out. */
int cgroup_device_list_parse(const char *text, struct cgroup_device_list *ret_list);

/** The access bits that @list has for exactly this type and these numbers, 0 if none. */
unsigned cgroup_device_list_access(const struct cgroup_device_list *list,
                                   const struct plan_device_rule *device);

enum { CGROUP_DEVICE_TEXT = 64 };

/** Formats "c 1:3 rwm" ("*" for any number) with @access for the rule's own; returns the length. */
int cgroup_device_format(const struct plan_device_rule *rule, unsigned access,
                         char text[CGROUP_DEVICE_TEXT]);
