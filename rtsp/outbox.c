// SPDX-License-Identifier: Apache-2.0
#include "rtsp/outbox.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void wipe_taken(struct rtsp_outbox *box)
{
    if (box->taken > 0)
        explicit_bzero(box->text, box->taken);
    box->taken = 0;
}

void rtsp_outbox_clear(struct rtsp_outbox *box)
{
    explicit_bzero(box, sizeof(*box));
}

bool rtsp_outbox_put(struct rtsp_outbox *box, const char *format, ...)
{
    size_t room = sizeof(box->text) - box->len;
    va_list args;
    int len;

    wipe_taken(box);
    va_start(args, format);
    len = vsnprintf(box->text + box->len, room, format, args);
    va_end(args);
    if (len < 0 || (size_t)len >= room)
        return false;
    box->len += (size_t)len;
    return true;
}

void rtsp_outbox_cut(struct rtsp_outbox *box, size_t len)
{
    explicit_bzero(box->text + len, sizeof(box->text) - len);
    box->len = len;
}

size_t rtsp_outbox_take(struct rtsp_outbox *box, const uint8_t **data)
{
    wipe_taken(box);
    *data = (const uint8_t *)box->text;
    box->taken = box->len;
    box->len = 0;
    return box->taken;
}
