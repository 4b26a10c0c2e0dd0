// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <sched.h>

#include "control/addr.h"
#include "tests/support/config_file.h"

static void assert_addr(const struct eng_addr *addr, const char *expected)
{
    char text[CTL_ADDR_TEXT_MAX];

    assert_string_equal(ctl_addr_format(addr, text), expected);
}

static void streams_are_enough(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(load(f, STREAM), 0);
    assert_string_equal(f->config->path, f->path);
    assert_addr(&f->config->http_listen, "0.0.0.0:8889");
    assert_addr(&f->config->webrtc_listen, "0.0.0.0:8189");
    assert_addr(&f->config->engine.listen, "0.0.0.0:8189");
    assert_addr(&f->config->metrics_listen, "127.0.0.1:9998");
    assert_int_equal(f->config->http_line, 0);
    assert_int_equal(f->config->additional_host_count, 0);
    assert_int_equal(f->config->engine.core_count, 0);
    assert_int_equal(f->config->engine.tx, ENG_TX_AUTO);
    assert_int_equal(f->config->engine.train_max, 16);
    assert_int_equal(f->config->engine.pace_ms, 16);
    assert_int_equal(f->config->engine.video_bytes, 4 << 20);
    assert_int_equal(f->config->engine.video_seconds, 10);
    assert_int_equal(f->config->payload_max, 1176);
    assert_int_equal(f->config->ingest_threads, 1);
    assert_int_equal(f->config->batch_window, 2);
    assert_int_equal(f->config->max_viewers, 10000);
    assert_false(f->config->playout_delay || f->config->transport_cc);
    assert_int_equal(f->config->srtp_profiles.count, 2);
    assert_int_equal(f->config->srtp_profiles.item[0], ENG_SRTP_AEAD_AES_128_GCM);
    assert_int_equal(f->config->srtp_profiles.item[1], ENG_SRTP_AES128_CM_HMAC_SHA1_80);
    assert_int_equal(f->config->packets_per_second_max, 0);
    assert_int_equal(f->config->http_requests_max, 100);
    assert_null(f->config->redirect);
    assert_int_equal(f->config->ice_server_count, 0);
    assert_int_equal(f->config->log_level, CTL_LOG_INFO);
    assert_int_equal(f->config->stream_count, 1);
    assert_string_equal(f->config->streams[0].name, "cam1");
    assert_string_equal(f->config->streams[0].source, "rtsp://192.0.2.1/a");
    assert_int_equal(f->config->streams[0].line, 1);
}

static void every_key_is_read(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(
        load(
            f,
            "http = { listen = \":80\"; max_requests_per_second = 0; };\n"
            "webrtc = { listen = \"[::]:81\"; max_viewers = 7L; playout_delay_ms = [ 0, 40950 ];\n"
            "  transport_cc = true; srtp_profiles = [ \"AES128_CM_HMAC_SHA1_80\" ];"
            "  redirect = \"https://b.example.org:8889\"; ice_servers = ( { url = \"stun:h\"; },"
            " { url = \"turn:h\"; username = \"u\"; credential = \"p\"; } );"
            "  additional_hosts = [ \"203.0.113.5\", \"media.example.org\", \"2001:db8::1\" ]; };\n"
            "engine = { cores = [ ]; tx = \"sendmmsg\"; payload_max = 0x578; train_max = 1;\n"
            "  pace_ms = 0; max_packets_per_second = 9;"
            "  gop_cache_bytes = 268435456L; gop_cache_seconds = 0; };\n"
            "ingest = { threads = 16; batch_window = 0; }; metrics = {\n"
            "  listen = \"[::1]:82\"; };\n"
            "log = { level = \"debug\"; };\n"
            "streams = (\n"
            "  { name = \"a\"; source = \"rtsp://u:p@h:5554/x?y=1\"; },\n"
            "  { source = \"rtsp://[2001:db8::2]/\";\n"
            "    name = \"A/b-c_d.e/0\"; } );\n"),
        0);
    assert_addr(&f->config->http_listen, "0.0.0.0:80");
    assert_int_equal(f->config->http_line, 1);
    assert_addr(&f->config->webrtc_listen, "[::]:81");
    assert_addr(&f->config->engine.listen, "[::]:81");
    assert_int_equal(f->config->webrtc_line, 2);
    assert_int_equal(f->config->max_viewers, 7);
    assert_true(f->config->playout_delay);
    assert_int_equal(f->config->playout_min_ms, 0);
    assert_int_equal(f->config->playout_max_ms, 40950);
    assert_true(f->config->transport_cc);
    assert_int_equal(f->config->srtp_profiles.count, 1);
    assert_int_equal(f->config->srtp_profiles.item[0], ENG_SRTP_AES128_CM_HMAC_SHA1_80);
    assert_int_equal(f->config->packets_per_second_max, 9);
    assert_int_equal(f->config->http_requests_max, 0);
    assert_string_equal(f->config->redirect, "https://b.example.org:8889");
    assert_int_equal(f->config->ice_server_count, 2);
    assert_string_equal(f->config->ice_servers[0].url, "stun:h");
    assert_null(f->config->ice_servers[0].username);
    assert_string_equal(f->config->ice_servers[1].credential, "p");
    assert_int_equal(f->config->additional_host_count, 3);
    assert_string_equal(f->config->additional_hosts[1], "media.example.org");
    assert_int_equal(f->config->engine.tx, ENG_TX_SENDMMSG);
    assert_int_equal(f->config->payload_max, 1400);
    assert_int_equal(f->config->ingest_threads, 16);
    assert_int_equal(f->config->batch_window, 0);
    assert_int_equal(f->config->engine.train_max, 1);
    assert_int_equal(f->config->engine.pace_ms, 0);
    assert_int_equal(f->config->engine.video_bytes, 256 << 20);
    assert_int_equal(f->config->engine.video_seconds, 0);
    assert_addr(&f->config->metrics_listen, "[::1]:82");
    assert_int_equal(f->config->metrics_line, 7);
    assert_int_equal(f->config->log_level, CTL_LOG_DEBUG);
    assert_int_equal(f->config->stream_count, 2);
    assert_string_equal(f->config->streams[1].name, "A/b-c_d.e/0");
    assert_int_equal(f->config->streams[1].line, 12);
}

static void every_key_of_a_stream_is_read(void **state)
{
    struct fixture *f = *state;
    const struct ctl_stream_config *stream;

    assert_int_equal(
        load(f, "streams = (\n"
                "  { name = \"a\"; source = \"rtsp://h/\"; },\n"
                "  { name = \"b\"; source = \"rtsp://h/\"; transport = \"multicast\";\n"
                "    bframes = \"keep\"; on_demand = true; on_demand_start_timeout = 1;\n"
                "    on_demand_close_after = 0; hold_viewers = 3600; fallback = \"a\"; } );\n"),
        0);
    stream = &f->config->streams[0];
    assert_int_equal(stream->transport, RTSP_CHOOSE_AUTO);
    assert_int_equal(stream->b_frames, RTSP_B_FRAMES_DROP);
    assert_false(stream->on_demand);
    assert_int_equal(stream->start_timeout_s, 10);
    assert_int_equal(stream->close_after_s, 10);
    assert_int_equal(stream->hold_viewers_s, 60);
    assert_null(stream->fallback);
    stream = &f->config->streams[1];
    assert_int_equal(stream->transport, RTSP_CHOOSE_MULTICAST);
    assert_int_equal(stream->b_frames, RTSP_B_FRAMES_KEEP);
    assert_true(stream->on_demand);
    assert_int_equal(stream->start_timeout_s, 1);
    assert_int_equal(stream->close_after_s, 0);
    assert_int_equal(stream->hold_viewers_s, 3600);
    assert_ptr_equal(stream->fallback, &f->config->streams[0]);
}

static void a_stream_says_itself_who_may_watch_it(void **state)
{
    struct fixture *f = *state;
    const struct ctl_auth_config *auth;

    assert_int_equal(
        load(f, "auth = { read_auth = \"users\"; hook = \"http://[::1]:9000/a?b\";\n"
                "  jwt_issuer = \"i\"; jwt_audience = \"a\"; users = ( { user = \"ann\";\n"
                "  password = \"" HASH "\"; } ); tokens = [ \"" HASH "\" ]; };\n"
                "streams = ( { name = \"a\"; source = \"rtsp://h/\"; },\n"
                "  { name = \"b\"; source = \"rtsp://h/\"; read_auth = \"none\"; },\n"
                "  { name = \"c\"; source = \"rtsp://h/\"; read_auth = \"hook\"; } );\n"),
        0);
    auth = &f->config->auth;
    assert_int_equal(auth->user_count, 1);
    assert_string_equal(auth->users[0].name, "ann");
    assert_string_equal(auth->users[0].password, HASH);
    assert_int_equal(auth->token_count, 1);
    assert_string_equal(auth->tokens[0], HASH);
    assert_string_equal(auth->hook, "http://[::1]:9000/a?b");
    assert_string_equal(auth->jwt_issuer, "i");
    assert_string_equal(auth->jwt_audience, "a");
    assert_int_equal(f->config->streams[0].read_auth, CTL_AUTH_USERS);
    assert_int_equal(f->config->streams[1].read_auth, CTL_AUTH_NONE);
    assert_int_equal(f->config->streams[2].read_auth, CTL_AUTH_HOOK);
}

static void a_core_is_taken_once(void **state)
{
    struct fixture *f = *state;
    int core = sched_getcpu();
    char text[256], expected[128];

    snprintf(text, sizeof(text), "engine = { cores = [ %d ]; };\n" STREAM, core);
    assert_int_equal(load(f, text), 0);
    assert_int_equal(f->config->engine.core_count, 1);
    assert_int_equal(f->config->engine.cores[0], core);

    snprintf(text, sizeof(text), "engine = { cores = [ %d,\n %d ]; };\n" STREAM, core, core);
    assert_int_equal(load(f, text), -EINVAL);
    snprintf(expected, sizeof(expected),
             "2: engine.cores: core %d is not there, not given to this process or named twice; "
             "expected cores",
             core);
    assert_begins(message(f), expected);
}

static void a_certificate_is_named_by_its_fingerprint(void **state)
{
    struct fixture *f = *state;
    char text[RTSP_FINGERPRINT_TEXT];

    assert_int_equal(load(f, "streams = (\n"
                             "{ name = \"a\"; source = \"rtsps://h/\"; transport = \"tcp\"; },\n"
                             "{ name = \"b\"; source = \"rtsps://h/\"; fingerprint = \"" HEX
                             "\"; } );\n"),
                     0);
    assert_false(f->config->streams[0].fingerprint.set);
    assert_true(f->config->streams[1].fingerprint.set);
    rtsp_fingerprint_format(&f->config->streams[1].fingerprint, text);
    assert_string_equal(text, HEX);
}

static void odd_but_good_names_are_taken(void **state)
{
    static const char *const cases[] = {
        "a",       "...",
        "a.b",     "-",
        "wheps",   "WHEP",
        "a/b/c/d", "012345678901234567890123456789012345678901234567890123456789012",
    };
    struct fixture *f = *state;
    char text[512];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(text, sizeof(text), "streams = ( { name = \"%s\"; source = \"rtsp://h/\"; } );",
                 cases[i]);
        assert_int_equal(load(f, text), 0);
        assert_string_equal(f->config->streams[0].name, cases[i]);
    }
}

static void included_files_are_named_and_found_beside_the_file(void **state)
{
    struct fixture *f = *state;
    char path[PATH_SIZE + 16];
    FILE *file;

    snprintf(path, sizeof(path), "%s/part", f->directory);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs("\nlog = {\n level = \"loud\"; };\n", file);
    fclose(file);
    assert_int_equal(load(f, STREAM "@include \"part\"\n"), -EINVAL);
    unlink(path);
    assert_begins(f->error, "part:3: log.level: \"loud\" is unknown");
}

static void the_example_files_are_right(void **state)
{
    static const struct {
        const char *file;
        size_t streams;
    } cases[] = {{"rtcfan.cfg", 1}, {"demo.cfg", 2}};
    struct fixture *f = *state;
    char path[PATH_SIZE * 4];
    int root = (int)(strlen(__FILE__) - strlen("tests/unit/test_control_config.c"));

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(path, sizeof(path), "%.*sconfigs/%s", root, __FILE__, cases[i].file);
        ctl_config_free(f->config);
        f->config = NULL;
        if (ctl_config_load(path, &f->config, f->error, sizeof(f->error)))
            fail_msg("%s", f->error);
        assert_int_equal(f->config->stream_count, cases[i].streams);
        // The documented values are the defaults.
        assert_addr(&f->config->http_listen, "0.0.0.0:8889");
        assert_addr(&f->config->webrtc_listen, "0.0.0.0:8189");
        assert_addr(&f->config->metrics_listen, "127.0.0.1:9998");
        assert_int_equal(f->config->additional_host_count, 0);
        assert_int_equal(f->config->engine.core_count, 0);
        assert_int_equal(f->config->engine.tx, ENG_TX_AUTO);
        assert_int_equal(f->config->engine.train_max, 16);
        assert_int_equal(f->config->engine.pace_ms, 16);
        assert_int_equal(f->config->engine.video_bytes, 4 << 20);
        assert_int_equal(f->config->engine.video_seconds, 10);
        assert_int_equal(f->config->payload_max, 1176);
        assert_int_equal(f->config->max_viewers, 10000);
        assert_false(f->config->playout_delay || f->config->transport_cc);
        assert_int_equal(f->config->srtp_profiles.count, 2);
        assert_int_equal(f->config->srtp_profiles.item[0], ENG_SRTP_AEAD_AES_128_GCM);
        assert_int_equal(f->config->log_level, CTL_LOG_INFO);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(streams_are_enough, begin, end),
        cmocka_unit_test_setup_teardown(every_key_is_read, begin, end),
        cmocka_unit_test_setup_teardown(every_key_of_a_stream_is_read, begin, end),
        cmocka_unit_test_setup_teardown(a_stream_says_itself_who_may_watch_it, begin, end),
        cmocka_unit_test_setup_teardown(a_core_is_taken_once, begin, end),
        cmocka_unit_test_setup_teardown(a_certificate_is_named_by_its_fingerprint, begin, end),
        cmocka_unit_test_setup_teardown(odd_but_good_names_are_taken, begin, end),
        cmocka_unit_test_setup_teardown(included_files_are_named_and_found_beside_the_file, begin,
                                        end),
        cmocka_unit_test_setup_teardown(the_example_files_are_right, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
