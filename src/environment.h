/* SPDX-License-Identifier: Apache-2.0 */
/* The caller's environment: socket activation and readiness notification. */
#pragma once

/** LISTEN_FDS if LISTEN_PID names this process (sd_listen_fds(3)), else 0. */
unsigned environment_listen_fds(void);

/** The variable's value; NULL when it is unset or empty. */
const char *environment_get(const char *name);
