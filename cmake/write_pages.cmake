# SPDX-License-Identifier: Apache-2.0
set(text "// Written by the build from control/pages.\n#include \"control/pages.h\"\n")

# What all pages have in their head stands in head.html.
list(FILTER FILES EXCLUDE REGEX "/head\\.html$")
file(READ ${HEAD} head HEX)
string(HEX "<!--head-->\n" head_mark)

foreach(file ${FILES})
    get_filename_component(name ${file} NAME)
    string(MAKE_C_IDENTIFIER ${name} id)
    file(READ ${file} hex HEX)
    string(REPLACE "${head_mark}" "${head}" hex "${hex}")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
    string(APPEND text "const unsigned char ctl_page_${id}[] = {${bytes}0x00};\n"
                       "const size_t ctl_page_${id}_len = sizeof(ctl_page_${id}) - 1;\n")
endforeach()
file(WRITE ${OUT} "${text}")
