// SPDX-License-Identifier: Apache-2.0
//
// The pages in control/pages, compiled in (cmake/pages.cmake).
#pragma once

#include <stddef.h>

extern const unsigned char ctl_page_index_html[];
extern const size_t ctl_page_index_html_len;
extern const unsigned char ctl_page_player_html[];
extern const size_t ctl_page_player_html_len;
