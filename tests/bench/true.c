/* SPDX-License-Identifier: Apache-2.0 */
/* Does nothing: what is run in the containers, and by itself to see what spawning costs. */
int main(void) {
    return 0;
}
