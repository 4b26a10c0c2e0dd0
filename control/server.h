// SPDX-License-Identifier: Apache-2.0
//
// The running program: everything that a configuration asks for, in the order in which it must come
// up and go down. Control thread, which is the one that calls ctl_server_run().
#pragma once

#include "control/config.h"

// Binds all ports, then starts workers and sources, then serves until SIGINT or SIGTERM: viewers
// get BYE and DTLS close, cameras TEARDOWN, within two seconds; a second signal ends the process at
// once with status 130. 0, or -errno with one line in error[] when it could not start. Blocks the
// two signals and ignores SIGPIPE for the process: call it before other threads exist.
int ctl_server_run(const struct ctl_config *config, char *error, size_t error_size);
