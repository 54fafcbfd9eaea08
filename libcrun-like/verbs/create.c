/* SPDX-License-Identifier: Apache-2.0 */
/* thole_create(). */
#include "create/create.h"
#include "state/request.h"
#include "state/status.h"

int thole_create(const struct thole_context *context, const struct thole_create_request *request,
                 struct thole_error *err) {
    cleanup_creation struct creation creation = CREATION_INIT;
    if (request_check(request->reserved, err) < 0 ||
        create_build(context, request, true, true, &creation, err) < 0)
        return -1;
    if (container_clear_worker(&creation.container, err) == 0)
        return 0;
    create_undo(context, &creation);
    return -1;
}
