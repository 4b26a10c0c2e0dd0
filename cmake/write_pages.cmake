# SPDX-License-Identifier: Apache-2.0
set(text "// Written by the build from control/pages.\n#include \"control/pages.h\"\n")
foreach(file ${FILES})
    get_filename_component(name ${file} NAME)
    string(MAKE_C_IDENTIFIER ${name} id)
    file(READ ${file} hex HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
    string(APPEND text "const unsigned char ctl_page_${id}[] = {${bytes}0x00};\n"
                       "const size_t ctl_page_${id}_len = sizeof(ctl_page_${id}) - 1;\n")
endforeach()
file(WRITE ${OUT} "${text}")
