// SPDX-License-Identifier: Apache-2.0
#include "control/pattern.h"

#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

static pcre2_code *compile(const char *pattern)
{
    const uint32_t options = PCRE2_NO_AUTO_CAPTURE | PCRE2_DOLLAR_ENDONLY;
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    pcre2_code *code = NULL;
    PCRE2_SIZE offset;
    int fault;

    if (!context)
        return NULL;
    pcre2_set_max_pattern_length(context, CTL_PATTERN_MAX);
    code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, options, &fault, &offset,
                         context);
    pcre2_compile_context_free(context);
    return code;
}

bool ctl_pattern_matches(const char *pattern, const char *text)
{
    pcre2_code *code = compile(pattern);
    pcre2_match_context *context = pcre2_match_context_create(NULL);
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    bool matches = false;

    if (code && context && data) {
        pcre2_set_match_limit(context, CTL_PATTERN_STEPS_MAX);
        pcre2_set_depth_limit(context, CTL_PATTERN_STEPS_MAX);
        pcre2_set_heap_limit(context, CTL_PATTERN_MEMORY_KIB_MAX);
        matches = pcre2_match(code, (PCRE2_SPTR)text, strlen(text), 0, 0, data, context) >= 0;
    }
    pcre2_match_data_free(data);
    pcre2_match_context_free(context);
    pcre2_code_free(code);
    return matches;
}
