// SPDX-License-Identifier: Apache-2.0
//
// What a viewer shows to be let in. Input: the Authorization header, a newline, the query.
#include "control/credentials.h"
#include "input.h"

static bool ends_within(const char *text, size_t size)
{
    return memchr(text, '\0', size) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char *text = input_text((struct input){data, len});
    char *query = strchr(text, '\n');
    struct ctl_credentials *c = malloc(sizeof(*c));
    bool found;

    assert(c);
    if (query)
        *query++ = '\0';
    found = ctl_credentials_read(c, text[0] ? text : NULL, query);
    assert(ends_within(c->user, sizeof(c->user)) && ends_within(c->token, sizeof(c->token)) &&
           ends_within(c->password, sizeof(c->password)));
    assert(found == (c->user[0] || c->password[0] || c->token[0]));
    assert(!c->token[0] || (!c->user[0] && !c->password[0]));
    free(c);
    free(text);
    return 0;
}
