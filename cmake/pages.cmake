# SPDX-License-Identifier: Apache-2.0
# Each file in control/pages but head.html, which goes into the others, becomes a byte array
# `ctl_page_<name>` in one generated source, so that the program is a single file and needs no web
# root.
file(GLOB page_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/control/pages/*)
set(pages_source ${CMAKE_BINARY_DIR}/generated/pages_data.c)
add_custom_command(OUTPUT ${pages_source}
    COMMAND ${CMAKE_COMMAND} -DOUT=${pages_source} "-DFILES=${page_files}"
            -DHEAD=${CMAKE_SOURCE_DIR}/control/pages/head.html
            -P ${CMAKE_SOURCE_DIR}/cmake/write_pages.cmake
    DEPENDS ${page_files} ${CMAKE_SOURCE_DIR}/cmake/write_pages.cmake VERBATIM)
target_sources(rtcfan_control PRIVATE ${pages_source})
