// SPDX-License-Identifier: Apache-2.0
//
// Configuration files that are wrong, and what is said of them.
#include <errno.h>

#include "control/listen.h"
#include "tests/support/config_file.h"

// What is wrong in a file, and what the line says after "FILE:".
static const struct {
    const char *text, *error;
} wrong[] = {
    // syntax
    {"\nhttp = = 1;\n", "2: syntax error; expected libconfig: key = value;"},
    {"log = { };\nlog = { };\n", "2: duplicate setting name; expected"},
    {STREAM "x = \"no end\n", "3: syntax error; expected"},
    {"engine = { cores = [ 1, \"x\" ]; };\n", "1: mismatched element type in array; expected"},
    {"@include \"nowhere\"\n", "1: cannot open include file; expected"},
    // keys
    {STREAM "htpp = { };\n",
     "2: htpp is an unknown key; expected one of http, webrtc, engine, ingest, metrics, log, auth, "
     "streams"},
    {STREAM "\nwebrtc = {\n listen = \":1\";\n port = 1; };\n",
     "5: webrtc.port is an unknown key; expected one of listen, additional_hosts, max_viewers, "
     "playout_delay_ms, srtp_profiles, transport_cc"},
    {"streams = ( {\nname = \"a\";\nsource = \"rtsp://h/\";\nurl = 1; } );\n",
     "4: streams[0].url is an unknown key; expected one of name, source"},
    {"streams = ( { name = \"a\"; source = \"rtsp://h/\"; fallback = \"b\"; } );\n",
     "1: streams[0].fallback: \"b\" is no stream; expected another stream"},
    {"streams = ( { name = \"a\"; source = \"rtsp://h/\";\n fallback = \"a\"; } );\n",
     "2: streams[0].fallback: \"a\" is the stream itself; expected another stream"},
    {"streams = ( { name = \"a\"; source = \"rtsp://h/\"; fallback = \"b\"; },\n"
     " { name = \"b\"; source = \"rtsp://h/\"; fallback = \"c\"; },\n"
     " { name = \"c\"; source = \"rtsp://h/\"; } );\n",
     "1: streams[0].fallback: \"b\" has a fallback itself; expected another stream"},
    {"streams = ( { name = \"a\"; source = \"rtsp://h/\"; fallback = \"b\"; },\n"
     " { name = \"b\"; source = \"rtsp://h/\"; on_demand = true; } );\n",
     "1: streams[0].fallback: \"b\" is on demand; expected another stream"},
    {"streams = ( { name = \"a\"; source = \"rtsp://h/\"; on_demand = 1; } );\n",
     "1: streams[0].on_demand: a whole number was given; expected true or false"},
    {"http = 8889;\n" STREAM, "1: http: a whole number was given; expected a group, {"},
    // addresses
    {"http = { listen = 8889; };\n" STREAM,
     "1: http.listen: a whole number was given; expected an address and port in quotes, such as "
     "\"0.0.0.0:8889\" or \"[::1]:8889\""},
    {"\nhttp = {\nlisten = \"8889\"; };\n" STREAM,
     "3: http.listen: \"8889\" is not an address and port; expected an address and port"},
    {"webrtc = { listen = \"0.0.0.0:65536\"; };\n" STREAM,
     "1: webrtc.listen: \"0.0.0.0:65536\" is not an address and port; expected"},
    {"metrics = { listen = \"localhost:9\"; };\n" STREAM,
     "1: metrics.listen: \"localhost:9\" is not an address and port; expected"},
    {"metrics = { listen = \"a\\nb\"; };\n" STREAM, "1: metrics.listen: \"a?b\" is not an"},
    {"http = { listen = \":9998\"; };\nmetrics = {\n listen = \"127.0.0.1:9998\"; };\n" STREAM,
     "3: metrics.listen: 127.0.0.1:9998 collides with http.listen; expected another port"},
    // numbers
    {"webrtc = { max_viewers = 0; };\n" STREAM,
     "1: webrtc.max_viewers: 0 is out of range; expected a whole number from 1 to 1048576"},
    {"webrtc = { max_viewers = 1048577; };\n" STREAM, "1: webrtc.max_viewers: 1048577 is out"},
    {"webrtc = { max_viewers = 4294967297L; };\n" STREAM,
     "1: webrtc.max_viewers: 4294967297 is out of range; expected"},
    {"webrtc = { max_viewers = 10.0; };\n" STREAM,
     "1: webrtc.max_viewers: a fraction was given; expected a whole number from 1"},
    {"engine = { train_max = 65; };\n" STREAM,
     "1: engine.train_max: 65 is out of range; expected a whole number from 1 to 64"},
    {"engine = { pace_ms = 101; };\n" STREAM,
     "1: engine.pace_ms: 101 is out of range; expected a whole number from 0 to 100"},
    {"engine = { train_max = \"16\"; };\n" STREAM,
     "1: engine.train_max: text was given; expected a whole number from 1 to 64"},
    {"engine = { payload_max = 255; };\n" STREAM,
     "1: engine.payload_max: 255 is out of range; expected a whole number from 256 to 1400"},
    {"engine = { payload_max = 1401; };\n" STREAM, "1: engine.payload_max: 1401 is out of"},
    {"engine = { payload_max = -1; };\n" STREAM, "1: engine.payload_max: -1 is out of"},
    {"engine = { gop_cache_bytes = 65535; };\n" STREAM,
     "1: engine.gop_cache_bytes: 65535 is out of range; expected a whole number from 65536 to "
     "268435456"},
    {"engine = { gop_cache_bytes = 268435457; };\n" STREAM, "1: engine.gop_cache_bytes: 26843545"},
    {"ingest = { threads = 17; };\n" STREAM,
     "1: ingest.threads: 17 is out of range; expected a whole number from 1 to 16"},
    {"ingest = { batch_window = 21; };\n" STREAM,
     "1: ingest.batch_window: 21 is out of range; expected a whole number from 0 to 20"},
    {"engine = { gop_cache_seconds = 61; };\n" STREAM,
     "1: engine.gop_cache_seconds: 61 is out of range; expected a whole number from 0 to 60"},
    // choices
    {"engine = {\n tx = \"xdp\"; };\n" STREAM,
     "2: engine.tx: \"xdp\" is unknown; expected \"auto\", \"io_uring\" or \"sendmmsg\""},
    {"engine = { tx = true; };\n" STREAM,
     "1: engine.tx: true or false was given; expected \"auto\", \"io_uring\" or \"sendmmsg\""},
    {"log = { level = \"INFO\"; };\n" STREAM,
     "1: log.level: \"INFO\" is unknown; expected \"error\", \"warn\", \"info\" or \"debug\""},
    // arrays
    {"engine = { cores = 1; };\n" STREAM,
     "1: engine.cores: a whole number was given; expected an array of core numbers"},
    {"engine = { cores = ( 1 ); };\n" STREAM,
     "1: engine.cores: a list was given; expected an array of core numbers"},
    {"engine = { cores = [ \"1\" ]; };\n" STREAM,
     "1: engine.cores: text was given; expected an array of core numbers"},
    {"engine = { cores = [ -1 ]; };\n" STREAM, "1: engine.cores: core -1 is not there"},
    {"engine = { cores = [ 1048576 ]; };\n" STREAM, "1: engine.cores: core 1048576 is not there"},
    {"engine = { cores = [ 0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,\n"
     "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0 ]; };\n" STREAM,
     "1: engine.cores: 65 cores; expected at most 64"},
    {"webrtc = { playout_delay_ms = 20; };\n" STREAM,
     "1: webrtc.playout_delay_ms: a whole number was given; expected [ least, most ] in"},
    {"webrtc = { playout_delay_ms = [ 20 ]; };\n" STREAM,
     "1: webrtc.playout_delay_ms: 1 numbers; expected [ least, most ] in milliseconds"},
    {"webrtc = { playout_delay_ms = [ 0, 40951 ]; };\n" STREAM,
     "1: webrtc.playout_delay_ms: 40951 is out of range; expected [ least, most ]"},
    {"webrtc = { playout_delay_ms = [ 30, 20 ]; };\n" STREAM,
     "1: webrtc.playout_delay_ms: the least, 30, is more than the most, 20; expected"},
    {"webrtc = { srtp_profiles = \"AEAD_AES_128_GCM\"; };\n" STREAM,
     "1: webrtc.srtp_profiles: text was given; expected an array of one or both of "
     "\"AEAD_AES_128_GCM\" and \"AES128_CM_HMAC_SHA1_80\", best first"},
    {"webrtc = { srtp_profiles = [ 7 ]; };\n" STREAM,
     "1: webrtc.srtp_profiles: a whole number was given; expected an array of one or both"},
    {"webrtc = { srtp_profiles = [ ]; };\n" STREAM,
     "1: webrtc.srtp_profiles is empty, nobody could watch; expected an array of one or both"},
    {"webrtc = { srtp_profiles = [ \"NULL_HMAC_SHA1_80\" ]; };\n" STREAM,
     "1: webrtc.srtp_profiles: \"NULL_HMAC_SHA1_80\" is unknown; expected an array of one or"},
    {"webrtc = { srtp_profiles = [ \"AEAD_AES_128_GCM\", \"AEAD_AES_128_GCM\" ]; };\n" STREAM,
     "1: webrtc.srtp_profiles: \"AEAD_AES_128_GCM\" is named twice; expected an array of one"},
    {"webrtc = { additional_hosts = \"h\"; };\n" STREAM,
     "1: webrtc.additional_hosts: text was given; expected an array of addresses or names"},
    {"webrtc = { additional_hosts = [ 1 ]; };\n" STREAM,
     "1: webrtc.additional_hosts: a whole number was given; expected an array of addresses"},
    {"webrtc = { additional_hosts = [ \"a b\" ]; };\n" STREAM,
     "1: webrtc.additional_hosts: \"a b\" is not a host; expected an array of addresses"},
    {"http = { tls = 1; };\n" STREAM, "1: http.tls: a whole number was given; expected a group, {"},
    {"http = {\n tls = { certificate = \"x\"; }; };\n" STREAM,
     "2: http.tls.certificate is an unknown key; expected one of cert, key"},
    {"http = {\n tls = { cert = \"x\"; }; };\n" STREAM,
     "2: http.tls: cert or key is missing; expected both"},
    {"http = { tls = { cert = \"/nowhere/x\"; key = \"y\"; }; };\n" STREAM,
     "1: http.tls: /nowhere/x cannot be read as a certificate in PEM ("},
    {"webrtc = { redirect = \"b.example.org\"; };\n" STREAM,
     "1: webrtc.redirect: \"b.example.org\" is no http:// or https:// URL; expected the base URL"},
    {"webrtc = { redirect = \"http://b/\"; };\n" STREAM,
     "1: webrtc.redirect: \"http://b/\" ends with '/'; expected the base URL"},
    {"webrtc = { redirect = \"http://b\\r\\nX: y\"; };\n" STREAM,
     "1: webrtc.redirect: \"http://b??X: y\" has a character that is not allowed; expected"},
    {"webrtc = { ice_servers = ( { url = \"http://b\"; } ); };\n" STREAM,
     "1: webrtc.ice_servers[0].url: \"http://b\" is of another scheme; expected a URL such as"},
    {"webrtc = { ice_servers = ( {\n user = \"u\"; } ); };\n" STREAM,
     "2: webrtc.ice_servers[0].user is an unknown key; expected one of url, username, credential"},
    {"webrtc = { ice_servers = (\n { username = \"u\"; } ); };\n" STREAM,
     "2: webrtc.ice_servers[0].url is missing; expected a URL such as"},
    {"webrtc = { ice_servers = ( { url = \"stun:h\"; },\n { url = \"turn:h\"; } ); };\n" STREAM,
     "2: webrtc.ice_servers[1]: username or credential is missing; expected both with a TURN"},
    {"webrtc = { ice_servers = ( { url = \"stun:h\"; username = \"u\"; } ); };\n" STREAM,
     "1: webrtc.ice_servers[0]: username or credential is missing; expected both or neither"},
    {"webrtc = { ice_servers = ( { url = \"stun:h\"; username = \"u\";\n credential = \"a\\tb\"; "
     "} ); };\n" STREAM,
     "2: webrtc.ice_servers[0].credential has a character that is not printable ASCII; expected"},
    {"webrtc = { ice_servers = ( { }, { }, { }, { }, { }, { }, { }, { }, { } ); };\n" STREAM,
     "1: webrtc.ice_servers: 9 servers; expected at most 8"},
    {"webrtc = { additional_hosts = [ \"a\", \"\" ]; };\n" STREAM,
     "1: webrtc.additional_hosts: \"\" is not a host; expected an array of addresses"},
    {"webrtc = { additional_hosts = [ \"a\", \"a\", \"a\", \"a\", \"a\", \"a\", \"a\", \"a\", \"a\",\n"
     "\"a\", \"a\", \"a\", \"a\", \"a\", \"a\", \"a\", \"a\" ]; };\n" STREAM,
     "1: webrtc.additional_hosts: 17 hosts; expected at most 16"},
    // who may watch
    {"auth = { read_auth = \"all\"; };\n" STREAM,
     "1: auth.read_auth: \"all\" is unknown; expected \"none\", \"users\", \"jwt\" or \"hook\""},
    {"auth = { read_auth = \"users\"; };\n" STREAM,
     "2: streams[0].read_auth: nobody could watch; \"users\" expects auth.users or auth.tokens"},
    {"auth = { read_auth = \"jwt\"; };\n" STREAM,
     "2: streams[0].read_auth: nobody could watch; \"jwt\" expects auth.jwt_key"},
    {"streams = ( { name = \"a\"; source = \"rtsp://h/\";\n read_auth = \"hook\"; } );\n",
     "2: streams[0].read_auth: nobody could watch; \"hook\" expects auth.hook"},
    {"auth = { users = ( {\n user = \"a\"; } ); };\n" STREAM,
     "1: auth.users[0].password is missing; expected a hash such as \"sha256:SALT:BASE64\""},
    {"auth = { users = ( { user = \"a\"; password = \"secret\"; } ); };\n" STREAM,
     "1: auth.users[0].password is not a hash; expected a hash such as"},
    {"auth = { users = ( { user = \"a:b\"; password = \"secret\"; } ); };\n" STREAM,
     "1: auth.users[0].user: \"a:b\" has a ':', which Basic authentication cannot carry; expected"},
    {"auth = { tokens = [ \"secret\" ]; };\n" STREAM,
     "1: auth.tokens is not a hash; expected a hash such as"},
    {"auth = { jwt_key = \"/nowhere/key\"; };\n" STREAM,
     "1: auth.jwt_key: \"/nowhere/key\" cannot be read; expected a file with a JWK Set"},
    {"auth = { hook = \"ftp://h/\"; };\n" STREAM,
     "1: auth.hook: \"ftp://h/\" is no http:// or https:// URL; expected a URL such as"},
    {"auth = { hook = \"http://u:p@h/\"; };\n" STREAM,
     "1: auth.hook: \"http://u:p@h/\" has a user, which is not supported; expected"},
    {"auth = { hook = \"http:///auth\"; };\n" STREAM,
     "1: auth.hook: \"http:///auth\" names no host; expected"},
    // streams
    {"", "1: streams is missing; expected streams = ( { name = \"cam1\"; source ="},
    {"http = { };\n", "1: streams is missing; expected streams = ("},
    {"\nstreams = ( );\n", "2: streams is empty; expected streams = ("},
    {"streams = { };\n", "1: streams: a group was given; expected streams = ("},
    {"streams = (\n 1 );\n", "2: streams[0]: a whole number was given; expected a group, {"},
    {"streams = (\n { source = \"rtsp://h/\"; } );\n",
     "2: streams[0].name is missing; expected text, such as \"cam1\""},
    {"streams = (\n { name = \"a\"; } );\n",
     "2: streams[0].source is missing; expected text, such as \"rtsp://host:554/path\""},
    {"streams = ( {\n name = 1; } );\n",
     "2: streams[0].name: a whole number was given; expected text, such as \"cam1\""},
    {"streams = ( { name = \"a\";\n source = [ \"x\" ]; } );\n",
     "2: streams[0].source: an array was given; expected text, such as \"rtsp://"},
    {"streams = ( { name = \"a\"; source = \"http://h/\"; } );\n",
     "1: streams[0].source: expected rtsp://host/path, or rtsps:// for TLS, or either with +http"},
    {"streams = ( { name = \"a\"; source = \"rtsps://h/\";\n transport = \"udp\"; } );\n",
     "2: streams[0].transport: \"udp\" would lead the media of an rtsps source through the network "
     "in the clear; expected \"auto\" or \"tcp\""},
    {"streams = ( { name = \"a\"; source = \"rtsp+http://h/\"; transport = \"udp\"; } );\n",
     "1: streams[0].transport: \"udp\" would lead the media of an rtsp+http source past its tunnel; "
     "expected \"auto\" or \"tcp\""},
    {"streams = ( { name = \"a\"; source = \"rtsps://h/\"; transport = \"multicast\"; } );\n",
     "1: streams[0].transport: \"multicast\" would lead"},
    {"streams = ( { name = \"a\"; source = \"rtsp://h/\";\n bframes = \"some\"; } );\n",
     "2: streams[0].bframes: \"some\" is unknown; expected \"keep\" or \"drop\""},
    {"streams = ( { name = \"a\"; source = \"rtsp://h/\";\n fingerprint = \"" HEX "\"; } );\n",
     "2: streams[0].fingerprint: there is no certificate without TLS; expected a source with "
     "rtsps://"},
    {"streams = ( { name = \"a\"; source = \"rtsps://h/\"; fingerprint = 1; } );\n",
     "1: streams[0].fingerprint: a whole number was given; expected the SHA-256 of the camera's"},
    {"streams = ( { name = \"a\"; source = \"rtsps://h/\"; fingerprint = \"ab:c\"; } );\n",
     "1: streams[0].fingerprint: \"ab:c\" is not a fingerprint; expected the SHA-256 of the "
     "camera's certificate, 64 hex digits"},
    {"streams = (\n { name = \"a\"; source = \"rtsp://h/\"; },\n"
     " { name = \"b\"; source = \"rtsp://h/\"; },\n { name = \"a\"; source = \"rtsp://h/\"; } );\n",
     "4: streams[2].name: \"a\" is taken by the stream of line 2; expected a name of its own"},
};

static void what_is_wrong_is_said_with_its_line(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(load(f, wrong[i].text), -EINVAL);
        assert_null(f->config);
        assert_begins(message(f), wrong[i].error);
    }
}

static void bad_names_are_refused(void **state)
{
    static const struct {
        const char *name, *fault;
    } cases[] = {
        {"", "is empty"},
        {"/a", "begins with '/'"},
        {"a//b", "has an empty segment"},
        {"a/", "has an empty segment"},
        {".", "has '.' or '..' as a segment"},
        {"a/../b", "has '.' or '..' as a segment"},
        {"whep", "has 'whep' as a segment"},
        {"a/whep", "has 'whep' as a segment"},
        {"a b", "has a character that is not allowed"},
        {"a?b", "has a character that is not allowed"},
        {"a%2fb", "has a character that is not allowed"},
        {"kamera-\xc3\xbc", "has a character that is not allowed"},
        {"0123456789012345678901234567890123456789012345678901234567890123", "is too long"},
    };
    struct fixture *f = *state;
    char text[512], expected[512];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(text, sizeof(text), "streams = (\n{ name = \"%s\"; source = \"rtsp://h/\"; } );",
                 cases[i].name);
        assert_int_equal(load(f, text), -EINVAL);
        assert_begins(message(f), "2: streams[0].name: \"");
        snprintf(expected, sizeof(expected), "\" %s; expected up to 63 of ", cases[i].fault);
        if (!strstr(message(f), expected))
            fail_msg("\"%s\" says \"%s\"", cases[i].name, message(f));
    }
}

static void bad_urls_are_refused_without_showing_them(void **state)
{
    static const char *const cases[] = {
        "http://user:hunter2@h/", "rtsp://user:hunter2@",        "rtsp://user:hunter2@h:99999/",
        "user:hunter2@h",         "rtsp://user:hunter2@h:port/",
    };
    struct fixture *f = *state;
    char text[512];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(text, sizeof(text), "\nstreams = ( { name = \"a\";\nsource = \"%s\"; } );",
                 cases[i]);
        assert_int_equal(load(f, text), -EINVAL);
        assert_begins(message(f), "3: streams[0].source: ");
        assert_true(strlen(message(f)) > 30);
        assert_null(strstr(f->error, "hunter2"));
        assert_null(strstr(f->error, "user"));
    }
}

static void too_many_streams_are_refused(void **state)
{
    struct fixture *f = *state;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    fputs("streams = (", out);
    for (int i = 0; i <= ENG_STREAMS_MAX; i++)
        fprintf(out, "%s{ name = \"%d\"; source = \"rtsp://h/\"; }", i ? "," : "", i);
    fputs(");", out);
    fclose(out);
    assert_int_equal(load(f, text), -EINVAL);
    free(text);
    assert_string_equal(message(f), "1: streams: 1025 streams; expected at most 1024");
}

static void files_that_cannot_be_read_are_said(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(ctl_config_load(f->path, &f->config, f->error, sizeof(f->error)), -ENOENT);
    assert_string_equal(message(f), "1: cannot read: No such file or directory; expected a "
                                    "configuration file");
    snprintf(f->path, sizeof(f->path), "%s", f->directory);
    assert_int_equal(ctl_config_load(f->path, &f->config, f->error, sizeof(f->error)), -EISDIR);
    assert_string_equal(message(f),
                        "1: cannot read: Is a directory; expected a configuration file");
}

static void a_short_error_buffer_is_enough(void **state)
{
    struct fixture *f = *state;
    char error[8];

    assert_int_equal(ctl_config_load(f->path, &f->config, error, sizeof(error)), -ENOENT);
    assert_int_equal(strlen(error), sizeof(error) - 1);
}

static void a_port_in_use_is_said_with_its_line(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(load(f, STREAM "\nwebrtc = {\n listen = \"0.0.0.0:8189\"; };\n"), 0);
    ctl_listen_error(f->config, "webrtc.listen", -EADDRINUSE, f->error, sizeof(f->error));
    assert_string_equal(message(f), "4: webrtc.listen: 0.0.0.0:8189 is in use by another program; "
                                    "choose another port or stop it");
    ctl_listen_error(f->config, "metrics.listen", -EADDRINUSE, f->error, sizeof(f->error));
    assert_string_equal(message(f), "1: metrics.listen: the default 127.0.0.1:9998 is in use by "
                                    "another program; choose another port or stop it");
    ctl_listen_error(f->config, "http.listen", -EADDRNOTAVAIL, f->error, sizeof(f->error));
    assert_string_equal(message(f), "1: http.listen: the default 0.0.0.0:8889 is not an address of "
                                    "this machine; choose one of its own, or 0.0.0.0 for all");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_wrong_is_said_with_its_line, begin, end),
        cmocka_unit_test_setup_teardown(bad_names_are_refused, begin, end),
        cmocka_unit_test_setup_teardown(bad_urls_are_refused_without_showing_them, begin, end),
        cmocka_unit_test_setup_teardown(too_many_streams_are_refused, begin, end),
        cmocka_unit_test_setup_teardown(files_that_cannot_be_read_are_said, begin, end),
        cmocka_unit_test_setup_teardown(a_short_error_buffer_is_enough, begin, end),
        cmocka_unit_test_setup_teardown(a_port_in_use_is_said_with_its_line, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
