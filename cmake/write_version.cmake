# SPDX-License-Identifier: Apache-2.0
cmake_policy(VERSION 3.25)
execute_process(COMMAND git -C ${SOURCE} describe --always --dirty --abbrev=12
                OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT commit)
    set(commit unknown)
endif()
file(CONFIGURE OUTPUT ${OUT} CONTENT "// Written by the build.
#pragma once
#define RTCFAN_VERSION \"@VERSION@\"
#define RTCFAN_COMMIT \"@commit@\"
#define RTCFAN_COMPILER \"@COMPILER@\"
" @ONLY)
