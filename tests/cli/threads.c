/* SPDX-License-Identifier: Apache-2.0 */
/* A program whose first thread ends while another one goes on; "threads exec N" executes itself N
 * times from such a thread, each of which takes the first one's place. Ends with 7 when SIGUSR1
 * comes. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *other(void *argument) {
    char **arguments = argument;
    if (arguments[1] != NULL && atoi(arguments[2]) > 0) {
        char left[16];
        (void)snprintf(left, sizeof(left), "%d", atoi(arguments[2]) - 1);
        (void)execl(arguments[0], arguments[0], arguments[1], left, NULL);
        _exit(1);
    }
    sigset_t set;
    int signal = 0;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGUSR1);
    (void)puts("ready");
    (void)fflush(stdout);
    (void)sigwait(&set, &signal);
    _exit(7);
}

int main(int count, char **arguments) {
    (void)count;
    sigset_t set;
    pthread_t thread;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGUSR1);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (pthread_create(&thread, NULL, other, arguments) != 0)
        return 1;
    pthread_exit(NULL);
}
