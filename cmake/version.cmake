# SPDX-License-Identifier: Apache-2.0
# Writes control/version_info.h below the build folder at each build, so that --version names
# the commit that was really built.
set(version_header ${CMAKE_BINARY_DIR}/generated/version_info.h)
add_custom_target(version_info
    COMMAND ${CMAKE_COMMAND} -DOUT=${version_header} -DSOURCE=${CMAKE_SOURCE_DIR}
            -DVERSION=${PROJECT_VERSION}
            "-DCOMPILER=${CMAKE_C_COMPILER_ID} ${CMAKE_C_COMPILER_VERSION}"
            -P ${CMAKE_SOURCE_DIR}/cmake/write_version.cmake
    BYPRODUCTS ${version_header})
target_include_directories(rtcfan_control PRIVATE ${CMAKE_BINARY_DIR}/generated)
add_dependencies(rtcfan_control version_info)
