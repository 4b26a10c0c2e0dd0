// SPDX-License-Identifier: Apache-2.0
#include "rtsp/transcode.h"

const struct rtsp_transcoder *rtsp_transcoder(void)
{
#if RTSP_HAVE_AAC
    return &rtsp_transcode_aac;
#else
    return NULL;
#endif
}
