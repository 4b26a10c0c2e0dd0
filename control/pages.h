// SPDX-License-Identifier: Apache-2.0
//
// The pages in control/pages, compiled in (cmake/pages.cmake).
#pragma once

#include <stddef.h>

extern const unsigned char ctl_page_index_html[];
extern const size_t ctl_page_index_html_len;
extern const unsigned char ctl_page_player_html[];
extern const size_t ctl_page_player_html_len;
extern const unsigned char ctl_page_wall_html[];
extern const size_t ctl_page_wall_html_len;
extern const unsigned char ctl_page_rtcfan_player_js[];
extern const size_t ctl_page_rtcfan_player_js_len;
extern const unsigned char ctl_page_rtcfan_player_view_js[];
extern const size_t ctl_page_rtcfan_player_view_js_len;
extern const unsigned char ctl_page_rtcfan_session_js[];
extern const size_t ctl_page_rtcfan_session_js_len;
extern const unsigned char ctl_page_rtcfan_figures_js[];
extern const size_t ctl_page_rtcfan_figures_js_len;
extern const unsigned char ctl_page_index_js[];
extern const size_t ctl_page_index_js_len;
extern const unsigned char ctl_page_player_js[];
extern const size_t ctl_page_player_js_len;
extern const unsigned char ctl_page_wall_js[];
extern const size_t ctl_page_wall_js_len;
extern const unsigned char ctl_page_page_css[];
extern const size_t ctl_page_page_css_len;
extern const unsigned char ctl_page_index_css[];
extern const size_t ctl_page_index_css_len;
extern const unsigned char ctl_page_player_css[];
extern const size_t ctl_page_player_css_len;
extern const unsigned char ctl_page_wall_css[];
extern const size_t ctl_page_wall_css_len;
extern const unsigned char ctl_page_viewers_html[];
extern const size_t ctl_page_viewers_html_len;
extern const unsigned char ctl_page_viewers_js[];
extern const size_t ctl_page_viewers_js_len;
extern const unsigned char ctl_page_viewers_css[];
extern const size_t ctl_page_viewers_css_len;
