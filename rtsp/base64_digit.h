// SPDX-License-Identifier: Apache-2.0
//
// What a character of base64 stands for, in the plain alphabet and in the one for URLs (RFC 4648 4
// and 5). Any thread.
#pragma once

// 0 to 63, or -1: it is none.
static inline int rtsp_base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}
