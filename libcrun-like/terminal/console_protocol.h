/* SPDX-License-Identifier: Apache-2.0 */
/* Messages between a console's keeper and its viewers, over a SOCK_SEQPACKET socket. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum console_kind {
    CONSOLE_HELLO = 1,    /* viewer -> keeper, first: struct hello */
    CONSOLE_WELCOME,      /* keeper -> viewer, first: struct welcome */
    CONSOLE_INPUT,        /* viewer -> keeper: bytes for the program */
    CONSOLE_END_OF_INPUT, /* viewer -> keeper: no more will come from it */
    CONSOLE_SIZE,         /* viewer -> keeper: struct size, its terminal's */
    CONSOLE_SIGNAL,       /* viewer -> keeper: struct signal, for the program */
    CONSOLE_OUTPUT,       /* keeper -> viewer: bytes from the terminal, or standard output */
    CONSOLE_ERROR_OUTPUT, /* keeper -> viewer: bytes from standard error */
    CONSOLE_EXIT,         /* keeper -> viewer, last: struct exit */
};

enum { CONSOLE_BYTES = 16384, CONSOLE_VERSION = 2 };

struct console_message {
    uint32_t kind;
    union {
        struct {
            uint32_t version;
            uint32_t writes; /* it is going to send input */
            int32_t
                console;   /* number of the one it wants, -1: the first terminal in nobody's use */
            uint16_t rows; /* of its terminal, 0: it has none */
            uint16_t columns;
        } hello;
        struct {
            uint32_t version;
            uint32_t terminal; /* the console is a pty */
            uint32_t bare;     /* which leaves line ends to the terminal outside */
            int32_t console;   /* its number; -1: there is none such, and the keeper hangs up */
            uint32_t count;    /* of all consoles */
        } welcome;
        struct {
            uint16_t rows;
            uint16_t columns;
        } size;
        struct {
            int32_t number;
        } signal;
        struct {
            uint32_t known; /* somebody has told the keeper how the program ended */
            int32_t status; /* exit code, or 128 + signal */
        } exit;
        char bytes[CONSOLE_BYTES];
    } payload;
};

/** Bytes on the wire of a message with @length bytes of payload. */
#define CONSOLE_LENGTH(length) (offsetof(struct console_message, payload) + (length))
