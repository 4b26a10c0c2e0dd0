// SPDX-License-Identifier: Apache-2.0
#include "rtsp/uncarried.h"

#include <stdio.h>

void rtsp_uncarried_describe(enum eng_track kind, const char *offered, char *out, size_t size)
{
    if (kind == ENG_VIDEO)
        snprintf(out, size,
                 "the camera sends %s as video, which browsers do not take; set it to H.264",
                 offered);
    else
        snprintf(out, size,
                 "the camera sends %s as audio, which browsers do not take; set it to Opus, G.711 "
                 "or G.722",
                 offered);
}
