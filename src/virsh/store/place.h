/* SPDX-License-Identifier: Apache-2.0 */
/* Where domains are: what a connection URI means. */
#pragma once

#include <stdbool.h>

#include "base/error.h"

/** All strings are malloc'ed. */
struct virsh_place {
    char *definitions; /* NAME.xml of persistent domains, /etc/thole/domains */
    char *autostart;   /* links to those that start at boot */
    char *live;        /* what running domains were started with, how others ended */
    char *root;        /* state root of the containers */
    char *uri;
    bool other; /* not the default one */
};

/** Understands "lxc:///", "lxc:///system" and "lxc:///?directory=PATH"; NULL: the default. */
int virsh_place_open(const char *uri, struct virsh_place *ret_place, struct thole_error *err);

/** Makes its directories. */
int virsh_place_make(const struct virsh_place *place, struct thole_error *err);

void virsh_place_done(struct virsh_place *place);
#define cleanup_virsh_place __attribute__((cleanup(virsh_place_done)))
