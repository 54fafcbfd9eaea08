/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sending records to the kernel's audit log: audit(7), linux/audit.h. By netlink and not through
 * libaudit: its archive brings name services and half a megabyte into a static program, and all
 * that is needed of it is one message.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"

/** A socket to the audit log. What the kernel lacks or denies is one clear sentence, here and
 * below. */
int sys_audit_open(struct thole_error *err);

/** 1 if the kernel keeps a log, 0 if it is switched off (audit=0, auditctl -e 0). */
int sys_audit_is_enabled(int fd, struct thole_error *err);

/** Sends the record @text of the @type (AUDIT_*) and waits until the kernel has taken it. */
int sys_audit_send(int fd, unsigned type, const char *text, struct thole_error *err);
