// SPDX-License-Identifier: Apache-2.0
#include "control/resource.h"

#include <string.h>

#include "control/pages.h"

#define RESOURCE(sides_, path_, type_, file_, ...)                           \
    {                                                                        \
        .path = (path_), .content_type = (type_), .bytes = ctl_page_##file_, \
        .len = &ctl_page_##file_##_len, .sides = (sides_), __VA_ARGS__       \
    }
#define PAGES   CTL_RESOURCE_PAGES
#define FIGURES CTL_RESOURCE_FIGURES

static const char html[] = "text/html; charset=utf-8";
static const char javascript[] = "text/javascript; charset=utf-8";
static const char css[] = "text/css; charset=utf-8";

static const struct ctl_resource resources[] = {
    RESOURCE(PAGES, "/wall", html, wall_html, .is_page = true),
    RESOURCE(FIGURES, "/viewers", html, viewers_html, .is_page = true),
    RESOURCE(FIGURES, "/viewers.js", javascript, viewers_js, ),
    RESOURCE(FIGURES, "/viewers.css", css, viewers_css, ),
    RESOURCE(PAGES, "/rtcfan-player.js", javascript, rtcfan_player_js, ),
    RESOURCE(PAGES, "/rtcfan-player-view.js", javascript, rtcfan_player_view_js, ),
    RESOURCE(PAGES, "/rtcfan-session.js", javascript, rtcfan_session_js, ),
    RESOURCE(PAGES, "/rtcfan-figures.js", javascript, rtcfan_figures_js, ),
    RESOURCE(PAGES, "/index.js", javascript, index_js, ),
    RESOURCE(PAGES, "/player.js", javascript, player_js, ),
    RESOURCE(PAGES, "/wall.js", javascript, wall_js, ),
    RESOURCE(PAGES | FIGURES, "/page.css", css, page_css, ),
    RESOURCE(PAGES, "/index.css", css, index_css, ),
    RESOURCE(PAGES, "/player.css", css, player_css, ),
    RESOURCE(PAGES, "/wall.css", css, wall_css, ),
};

const struct ctl_resource *ctl_resource_find(enum ctl_resource_side side, const char *path)
{
    for (size_t i = 0; i < sizeof(resources) / sizeof(resources[0]); i++)
        if (resources[i].sides & side && strcmp(path, resources[i].path) == 0)
            return &resources[i];
    return NULL;
}
