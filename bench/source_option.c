// SPDX-License-Identifier: Apache-2.0
#include "bench/source_option.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/option.h"

enum {
    STREAMS_MAX = 1000,
    FPS_MAX = 1000,
    AUDIO_WAIT_MAX_MS = 100,
    GOP_MAX = 10000,         // frames, or seconds
    GOP_FRAMES_MAX = 100000, // a clip of a few minutes
    // Above, a keyframe of a quarter of a second outgrows BENCH_UNIT_MAX.
    BITRATE_MAX_KBIT = 32000,
    STAMP_MAX = 1000,
    SIDE_MIN = 16,
    SIDE_MAX = 8192,
};

static const char usage[] =
    "usage: source [options]\n"
    "Serves live RTSP streams, interleaved or over UDP, from one looped clip.\n"
    "\n"
    "What is served: a clip that bench/clip.sh makes when it is first asked for, with\n"
    "  --bitrate KBIT   of the video, in kbit/s (2000)\n"
    "  --fps N          frames per second, a divisor of 90,000 (30)\n"
    "  --gop N, Ns      from keyframe to keyframe, in frames or in seconds (2s)\n"
    "  --resolution WxH in pixels (1280x720)\n"
    "  --audio CODEC    opus, pcmu, pcma or none (opus)\n"
    "or\n"
    "  --clip FILE      H.264 byte stream of --fps N. Its audio is the file of the same name\n"
    "                   that ends in the codec; without --audio, the first that there is\n"
    "\n"
    "How:\n"
    "  --streams N      how many streams, 1 to 1000 (1)\n"
    "  --name NAME      one stream: its name (demo); more: NAME1 to NAMEN (cam)\n"
    "  --aligned        all streams send their frames and keyframes at the same moments;\n"
    "                   else they are spread over time as those of real cameras are\n"
    "  --stamp[=N]      every N-th frame, 1 to 1000 (1), bears the time of its sending\n"
    "                   (bench/stamp.h): a packet more, and to most servers a send more\n"
    "  --tcp-only       refuse UDP (461)\n"
    "  --udp-only       refuse interleaved TCP (461)\n"
    "  --audio-wait MS  audio waits this long, 0 to 100, to leave with a frame (20): each\n"
    "                   packet on its own costs twice the CPU\n"
    "  --listen ADDR    address and port, port 0: any (127.0.0.1:8554)\n"
    "  --json FILE      at the end, write there what was sent\n"
    "  --help\n"
    "\n"
    "Prints one line once it listens. SIGINT and SIGTERM end it.\n";

static const struct source_options defaults = {
    .listen = "127.0.0.1:8554",
    .wish =
        {.bitrate_kbit = 2000, .fps = 30, .width = 1280, .height = 720, .codec = BENCH_CODEC_ANY},
    .streams = 1,
    .audio_wait_ms = 20,
};

static unsigned number(const char *text, unsigned min, unsigned max)
{
    return bench_option_number("source", text, min, max);
}

static _Noreturn void refuse(const char *option, const char *text, const char *expected)
{
    fprintf(stderr, "source: %s %s: %s is expected\n", option, text, expected);
    exit(BENCH_EXIT_USAGE);
}

// In frames.
static unsigned parse_gop(const char *text, unsigned fps)
{
    char digits[16];
    size_t len = strspn(text, "0123456789");
    bool seconds = strcmp(text + len, "s") == 0;

    if (len >= sizeof(digits) || (!seconds && text[len] != '\0'))
        refuse("--gop", text, "a number of frames, or of seconds with an s,");
    memcpy(digits, text, len);
    digits[len] = '\0';
    unsigned frames = number(digits, 1, GOP_MAX) * (seconds ? fps : 1);
    if (frames > GOP_FRAMES_MAX)
        refuse("--gop", text, "less");
    return frames;
}

static void parse_resolution(const char *text, struct source_wish *wish)
{
    int end = 0;

    if (sscanf(text, "%ux%u%n", &wish->width, &wish->height, &end) != 2 || text[end] != '\0' ||
        wish->width < SIDE_MIN || wish->width > SIDE_MAX || wish->height < SIDE_MIN ||
        wish->height > SIDE_MAX || wish->width % 2 != 0 || wish->height % 2 != 0)
        refuse("--resolution", text, "an even width and height, as 1280x720,");
}

static enum bench_codec parse_codec(const char *text)
{
    for (enum bench_codec codec = BENCH_CODEC_NONE; codec < BENCH_CODECS; codec++) {
        if (strcmp(text, bench_codec_name(codec)) == 0)
            return codec;
    }
    refuse("--audio", text, "opus, pcmu, pcma or none");
}

// Until all are read, some hang on others.
struct parse {
    struct source_options options;
    const char *gop;
    bool made; // an option that only a clip that is made can have
};

// Options of what is served; false: it is none.
static bool take_clip_option(struct parse *parse, int option, const char *value)
{
    struct source_wish *wish = &parse->options.wish;

    switch (option) {
    case 'a':
        wish->codec = parse_codec(value);
        return true;
    case 'b':
        wish->bitrate_kbit = number(value, 1, BITRATE_MAX_KBIT);
        break;
    case 'c':
        parse->options.clip = value;
        return true;
    case 'f':
        wish->fps = number(value, 1, FPS_MAX);
        return true;
    case 'g':
        parse->gop = value;
        break;
    case 'r':
        parse_resolution(value, wish);
        break;
    default:
        return false;
    }
    parse->made = true;
    return true;
}

// Options of how it is served; false: it is none.
static bool take_server_option(struct source_options *options, int option, const char *value)
{
    switch (option) {
    case 'A':
        options->aligned = true;
        break;
    case 'j':
        options->json = value;
        break;
    case 'l':
        options->listen = value;
        break;
    case 'n':
        options->name = value;
        break;
    case 'S':
        options->stamp = value ? number(value, 1, STAMP_MAX) : 1;
        break;
    case 's':
        options->streams = number(value, 1, STREAMS_MAX);
        break;
    case 't':
        options->tcp_only = true;
        break;
    case 'u':
        options->udp_only = true;
        break;
    case 'w':
        options->audio_wait_ms = number(value, 0, AUDIO_WAIT_MAX_MS);
        break;
    default:
        return false;
    }
    return true;
}

static _Noreturn void fail(const char *text)
{
    fputs(text, stderr);
    exit(BENCH_EXIT_USAGE);
}

// What the options leave open or contradict.
static void settle(struct parse *parse)
{
    struct source_options *options = &parse->options;

    options->wish.gop_frames = parse_gop(parse->gop, options->wish.fps);
    if (options->clip == NULL && options->wish.codec == BENCH_CODEC_ANY)
        options->wish.codec = BENCH_CODEC_OPUS;
    if (options->clip != NULL && parse->made)
        fail("source: --bitrate, --gop and --resolution are for clips that are made\n");
    if (options->tcp_only && options->udp_only)
        fail("source: --tcp-only and --udp-only leave nothing\n");
}

struct source_options source_options_parse(int argc, char **argv)
{
    static const struct option known[] = {
        {"aligned", no_argument, NULL, 'A'},
        {"audio", required_argument, NULL, 'a'},
        {"audio-wait", required_argument, NULL, 'w'},
        {"bitrate", required_argument, NULL, 'b'},
        {"clip", required_argument, NULL, 'c'},
        {"fps", required_argument, NULL, 'f'},
        {"gop", required_argument, NULL, 'g'},
        {"help", no_argument, NULL, 'h'},
        {"json", required_argument, NULL, 'j'},
        {"listen", required_argument, NULL, 'l'},
        {"name", required_argument, NULL, 'n'},
        {"resolution", required_argument, NULL, 'r'},
        {"stamp", optional_argument, NULL, 'S'},
        {"streams", required_argument, NULL, 's'},
        {"tcp-only", no_argument, NULL, 't'},
        {"udp-only", no_argument, NULL, 'u'},
        {NULL, 0, NULL, 0},
    };
    struct parse parse = {.options = defaults, .gop = "2s"};
    int c;

    while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (c == 'h') {
            fputs(usage, stdout);
            exit(EXIT_SUCCESS);
        }
        if (!take_clip_option(&parse, c, optarg) && !take_server_option(&parse.options, c, optarg))
            fail(usage);
    }
    if (optind < argc)
        fail(usage);
    settle(&parse);
    return parse.options;
}
