/* SPDX-License-Identifier: Apache-2.0 */
/* The distance of two words: letters put in, left out, changed, or swapped with their neighbour. */
#include "base/nearest.h"

#include <string.h>

enum { LETTERS_MAX = 48, LETTERS_PER_MISTAKE = 3 };

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length) {
    size_t rows[LETTERS_MAX + 1][LETTERS_MAX + 1]; /* [i][j]: of the first i and j letters */
    for (size_t i = 0; i <= a_length; i++) {
        for (size_t j = 0; j <= b_length; j++) {
            if (i == 0 || j == 0) {
                rows[i][j] = i + j;
                continue;
            }
            rows[i][j] = least(rows[i - 1][j - 1] + (a[i - 1] != b[j - 1]),
                               least(rows[i - 1][j], rows[i][j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                rows[i][j] = least(rows[i][j], rows[i - 2][j - 2] + 1);
        }
    }
    return rows[a_length][b_length];
}

void nearest_offer(struct nearest *nearest, const char *known) {
    size_t length = strlen(known);
    if (nearest->length > LETTERS_MAX || length > LETTERS_MAX)
        return;
    size_t mistakes = distance(nearest->word, nearest->length, known, length);
    if (mistakes > nearest->length / LETTERS_PER_MISTAKE ||
        (nearest->best != NULL && mistakes >= nearest->distance))
        return;
    nearest->best = known;
    nearest->distance = mistakes;
}
