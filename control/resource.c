// SPDX-License-Identifier: Apache-2.0
#include "control/resource.h"

#include <string.h>

#include "control/pages.h"

#define RESOURCE(path_, type_, file_)                                        \
    {                                                                        \
        .path = (path_), .content_type = (type_), .bytes = ctl_page_##file_, \
        .len = &ctl_page_##file_##_len,                                      \
    }

static const char javascript[] = "text/javascript; charset=utf-8";
static const char css[] = "text/css; charset=utf-8";

static const struct ctl_resource resources[] = {
    {
        .path = "/wall",
        .content_type = "text/html; charset=utf-8",
        .bytes = ctl_page_wall_html,
        .len = &ctl_page_wall_html_len,
        .is_page = true,
    },
    RESOURCE("/rtcfan-player.js", javascript, rtcfan_player_js),
    RESOURCE("/rtcfan-player-view.js", javascript, rtcfan_player_view_js),
    RESOURCE("/rtcfan-session.js", javascript, rtcfan_session_js),
    RESOURCE("/rtcfan-figures.js", javascript, rtcfan_figures_js),
    RESOURCE("/index.js", javascript, index_js),
    RESOURCE("/player.js", javascript, player_js),
    RESOURCE("/wall.js", javascript, wall_js),
    RESOURCE("/page.css", css, page_css),
    RESOURCE("/index.css", css, index_css),
    RESOURCE("/player.css", css, player_css),
    RESOURCE("/wall.css", css, wall_css),
};

const struct ctl_resource *ctl_resource_find(const char *path)
{
    for (size_t i = 0; i < sizeof(resources) / sizeof(resources[0]); i++)
        if (strcmp(path, resources[i].path) == 0)
            return &resources[i];
    return NULL;
}
