/* SPDX-License-Identifier: Apache-2.0 */
/* thole_create(). */
#include "create/create.h"
#include "state/request.h"

int thole_create(const struct thole_context *context, const struct thole_create_request *request,
                 struct thole_error *err) {
    cleanup_creation struct creation creation = CREATION_INIT;
    if (request_check(request->reserved, err) < 0)
        return -1;
    return create_build(context, request, true, true, &creation, err);
}
