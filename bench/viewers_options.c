// SPDX-License-Identifier: Apache-2.0
#include "bench/viewers_options.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/option.h"

enum {
    DECRYPT_EVERY = 100,
    STAMP_EVERY = 10,
    JOINS_PER_SECOND = 50,
    SECONDS = 10,
    EVERY_MAX = 1000000,
    CORE_MAX = 1023,
    LOSS_MAX = 50, // percent
    URLS_MAX = 64, // options, before --streams multiplies them
    BIND_TEXT_MAX = 128,
};

static const char usage[] =
    "usage: viewers --url http://HOST:PORT/NAME/whep [options]\n"
    "Loads a WHEP server with viewers that receive, report and ask again as browsers do, and\n"
    "measures what reaches them. Plain HTTP only; H.264 with Opus or G.711; UDP only.\n"
    "\n"
    "  --url URL             may be given several times; {} or %d in it is the stream's number\n"
    "  --streams N           numbers 1 to N in each URL (1)\n"
    "  --viewers N           1 to 10000, spread over all streams (1)\n"
    "  --unwatched N         of these, so many do all but take media, which a filter on the way to\n"
    "                        them may drop and count (0)\n"
    "  --joins-per-second R  (50)\n"
    "  --seconds S           measured time, after the last viewer has joined (10)\n"
    "  --srtp WHICH          gcm, cm, or both in order of preference: gcm,cm or cm,gcm (gcm,cm)\n"
    "  --no-nack             neither offer nor send NACK; no RTX\n"
    "  --nack                offer and send NACK, with RTX where the server has it (default)\n"
    "  --loss PERCENT        throws received datagrams away at random, 0 to 50 (0)\n"
    "  --seed N              of that randomness (1)\n"
    "  --decrypt-every N     opens each n-th packet of a viewer; 1: all, 0: none (100)\n"
    "  --stamp-every N       looks for the source's stamp in each n-th frame; 0: none (10)\n"
    "  --bind ADDR[-ADDR]    source addresses, in turn; may be given several times\n"
    "  --unwatched-bind ...  likewise, of those that take no media\n"
    "  --header 'NAME: TEXT' field of each HTTP request (Authorization: Bearer ...); repeatable\n"
    "  --cores LIST          a thread on each of these cores: 0,1 (one thread, on any)\n"
    "  --json FILE           all figures as JSON; -: on standard output, in place of the summary\n"
    "  --quiet               no line per second\n"
    "  --help\n"
    "\n"
    "Latency is from the stamp that bench/source --stamp puts into frames, on the same machine.\n"
    "SIGINT ends it early, with the summary. Exit status: 0, or 1 where a viewer failed, was ended\n"
    "or saw nothing at the end.\n";

struct pending { // until all options are known
    const char *url[URLS_MAX];
    size_t url_count;
    unsigned streams;
};

__attribute__((format(printf, 1, 2), noreturn)) static void refuse(const char *format, ...)
{
    va_list args;

    fputs("viewers: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(BENCH_EXIT_USAGE);
}

static unsigned number(const char *text, unsigned min, unsigned max)
{
    return bench_option_number("viewers", text, min, max);
}

static void take_srtp(const char *text, struct viewers_options *o)
{
    static const struct {
        const char *name, *profiles;
    } known[] = {
        {"gcm", "SRTP_AEAD_AES_128_GCM"},
        {"cm", "SRTP_AES128_CM_SHA1_80"},
        {"gcm,cm", "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80"},
        {"cm,gcm", "SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_128_GCM"},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        if (strcmp(text, known[i].name) == 0) {
            o->srtp = known[i].name;
            o->profiles = known[i].profiles;
            return;
        }
    }
    refuse("--srtp %s: gcm, cm, gcm,cm or cm,gcm is expected", text);
}

static double percent(const char *text)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || *end != '\0' || !(value >= 0 && value <= LOSS_MAX))
        refuse("--loss %s: a number from 0 to %d is expected", text, LOSS_MAX);
    return value / 100;
}

static void take_field(const char *text, struct viewers_options *o)
{
    size_t len = strlen(o->fields);
    int n = snprintf(o->fields + len, sizeof(o->fields) - len, "%s\r\n", text);

    if (!strchr(text, ':') || strpbrk(text, "\r\n"))
        refuse("--header '%s': NAME: TEXT is expected", text);
    if (n < 0 || (size_t)n >= sizeof(o->fields) - len)
        refuse("--header: more than %d bytes", VIEWERS_FIELDS_MAX);
}

static void take_cores(char *text, struct viewers_options *o)
{
    char *rest = text, *item;

    for (o->lane_count = 0; (item = strsep(&rest, ",")) != NULL; o->lane_count++) {
        if (o->lane_count == VIEWERS_LANES_MAX)
            refuse("--cores: more than %d", VIEWERS_LANES_MAX);
        o->core[o->lane_count] = (int)number(item, 0, CORE_MAX);
    }
}

static struct eng_addr address(const char *text)
{
    struct eng_addr a = {0};

    if (inet_pton(AF_INET, text, &a.in4.sin_addr) == 1)
        a.sa.sa_family = AF_INET;
    else if (inet_pton(AF_INET6, text, &a.in6.sin6_addr) == 1)
        a.sa.sa_family = AF_INET6;
    else
        refuse("--bind: '%s' is not an IP address", text);
    return a;
}

static void add_bind(struct viewers_addresses *bind, const struct eng_addr *a)
{
    if (bind->count == VIEWERS_BINDS_MAX)
        refuse("--bind: more than %d addresses", VIEWERS_BINDS_MAX);
    bind->address[bind->count++] = *a;
}

// ADDRESS, or FIRST-LAST of IPv4.
static void take_bind(const char *text, struct viewers_addresses *bind)
{
    char first_text[BIND_TEXT_MAX];
    size_t len = strcspn(text, "-");
    struct eng_addr first, last;

    snprintf(first_text, sizeof(first_text), "%.*s", (int)len, text);
    first = address(first_text);
    last = text[len] == '-' ? address(text + len + 1) : first;
    if (text[len] != '-') {
        add_bind(bind, &first);
        return;
    }
    if (first.sa.sa_family != AF_INET || last.sa.sa_family != AF_INET ||
        ntohl(first.in4.sin_addr.s_addr) > ntohl(last.in4.sin_addr.s_addr))
        refuse("--bind %s: a range is of IPv4 addresses, the lower one first", text);
    for (uint32_t host = ntohl(first.in4.sin_addr.s_addr);; host++) {
        first.in4.sin_addr.s_addr = htonl(host);
        add_bind(bind, &first);
        if (host == ntohl(last.in4.sin_addr.s_addr))
            break;
    }
}

static void take_url(const char *text, struct pending *pending)
{
    if (pending->url_count == URLS_MAX)
        refuse("--url: more than %d", URLS_MAX);
    pending->url[pending->url_count++] = text;
}

static void add_url(struct viewers_options *o, const char *text)
{
    struct viewers_url *url = &o->url[o->url_count++];
    const char *what;

    if (!viewers_url_parse(text, url))
        refuse("--url %s: http://HOST[:PORT]/PATH is expected", text);
    // One look-up for all that call the same host.
    if (o->url_count > 1 && strcmp(url->host, url[-1].host) == 0)
        url->addr = url[-1].addr;
    else if (viewers_url_resolve(url, &what) != 0)
        refuse("--url %s: %s", text, what);
}

static void make_urls(const struct pending *pending, struct viewers_options *o)
{
    char text[VIEWERS_HOST_MAX + VIEWERS_PATH_MAX];

    if (pending->url_count == 0)
        refuse("--url is missing; --help says more");
    if (pending->url_count * pending->streams > VIEWERS_STREAMS_MAX)
        refuse("--streams: more than %d streams", VIEWERS_STREAMS_MAX);
    o->url_text = pending->url[0];
    for (size_t i = 0; i < pending->url_count; i++) {
        if (pending->streams > 1 && !viewers_url_has_number(pending->url[i]))
            refuse("--streams: there is no {} in %s", pending->url[i]);
        for (unsigned k = 1; k <= pending->streams; k++) {
            if (!viewers_url_number(pending->url[i], k, text, sizeof(text)))
                refuse("--url %s: too long", pending->url[i]);
            add_url(o, text);
        }
    }
}

static void check_families(const struct viewers_options *o, const struct viewers_addresses *bind)
{
    for (size_t i = 0; i < bind->count; i++) {
        if (bind->address[i].sa.sa_family != o->url[0].addr.sa.sa_family)
            refuse("--bind: IPv4 and IPv6 do not go together");
    }
}

enum {
    OPT_URL = 256,
    OPT_STREAMS,
    OPT_VIEWERS,
    OPT_JOINS,
    OPT_SECONDS,
    OPT_SRTP,
    OPT_NACK,
    OPT_NO_NACK,
    OPT_LOSS,
    OPT_SEED,
    OPT_DECRYPT,
    OPT_STAMP,
    OPT_BIND,
    OPT_UNWATCHED,
    OPT_UNWATCHED_BIND,
    OPT_HEADER,
    OPT_CORES,
    OPT_JSON,
    OPT_QUIET,
    OPT_HELP,
};

static const struct option known[] = {
    {"url", required_argument, NULL, OPT_URL},
    {"streams", required_argument, NULL, OPT_STREAMS},
    {"viewers", required_argument, NULL, OPT_VIEWERS},
    {"joins-per-second", required_argument, NULL, OPT_JOINS},
    {"seconds", required_argument, NULL, OPT_SECONDS},
    {"srtp", required_argument, NULL, OPT_SRTP},
    {"nack", no_argument, NULL, OPT_NACK},
    {"no-nack", no_argument, NULL, OPT_NO_NACK},
    {"loss", required_argument, NULL, OPT_LOSS},
    {"seed", required_argument, NULL, OPT_SEED},
    {"decrypt-every", required_argument, NULL, OPT_DECRYPT},
    {"stamp-every", required_argument, NULL, OPT_STAMP},
    {"bind", required_argument, NULL, OPT_BIND},
    {"unwatched", required_argument, NULL, OPT_UNWATCHED},
    {"unwatched-bind", required_argument, NULL, OPT_UNWATCHED_BIND},
    {"header", required_argument, NULL, OPT_HEADER},
    {"cores", required_argument, NULL, OPT_CORES},
    {"json", required_argument, NULL, OPT_JSON},
    {"quiet", no_argument, NULL, OPT_QUIET},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static void take_option(int option, char *text, struct pending *pending, struct viewers_options *o)
{
    switch (option) {
    case OPT_URL:
        take_url(text, pending);
        break;
    case OPT_STREAMS:
        pending->streams = number(text, 1, VIEWERS_STREAMS_MAX);
        break;
    case OPT_VIEWERS:
        o->viewers = number(text, 1, VIEWERS_MAX);
        break;
    case OPT_JOINS:
        o->joins_per_second = number(text, 1, VIEWERS_MAX);
        break;
    case OPT_SECONDS:
        o->seconds = number(text, 1, VIEWERS_SECONDS_MAX);
        break;
    case OPT_SRTP:
        take_srtp(text, o);
        break;
    case OPT_NACK:
    case OPT_NO_NACK:
        o->nack = option == OPT_NACK;
        break;
    case OPT_LOSS:
        o->loss = percent(text);
        break;
    case OPT_SEED:
        o->seed = number(text, 0, UINT32_MAX);
        break;
    case OPT_DECRYPT:
        o->decrypt_every = number(text, 0, EVERY_MAX);
        break;
    case OPT_STAMP:
        o->stamp_every = number(text, 0, EVERY_MAX);
        break;
    case OPT_BIND:
        take_bind(text, &o->bind);
        break;
    case OPT_UNWATCHED:
        o->unwatched = number(text, 0, VIEWERS_MAX);
        break;
    case OPT_UNWATCHED_BIND:
        take_bind(text, &o->unwatched_bind);
        break;
    case OPT_HEADER:
        take_field(text, o);
        break;
    case OPT_CORES:
        take_cores(text, o);
        break;
    case OPT_JSON:
        o->json = text;
        break;
    case OPT_QUIET:
        o->quiet = true;
        break;
    case OPT_HELP:
        fputs(usage, stdout);
        exit(EXIT_SUCCESS);
    default:
        fputs(usage, stderr);
        exit(BENCH_EXIT_USAGE);
    }
}

void viewers_options_parse(int argc, char **argv, struct viewers_options *out)
{
    struct pending pending = {.streams = 1};
    int option;

    *out = (struct viewers_options){
        .viewers = 1,
        .joins_per_second = JOINS_PER_SECOND,
        .seconds = SECONDS,
        .nack = true,
        .seed = 1,
        .decrypt_every = DECRYPT_EVERY,
        .stamp_every = STAMP_EVERY,
        .lane_count = 1,
        .core = {-1},
    };
    take_srtp("gcm,cm", out);
    out->url = calloc(VIEWERS_STREAMS_MAX, sizeof(*out->url));
    out->bind.address = calloc(VIEWERS_BINDS_MAX, sizeof(*out->bind.address));
    out->unwatched_bind.address = calloc(VIEWERS_BINDS_MAX, sizeof(*out->bind.address));
    if (!out->url || !out->bind.address || !out->unwatched_bind.address)
        refuse("out of memory");
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1)
        take_option(option, optarg, &pending, out);
    if (optind < argc)
        refuse("%s: not an option; --help says more", argv[optind]);
    make_urls(&pending, out);
    check_families(out, &out->bind);
    check_families(out, &out->unwatched_bind);
    if (out->unwatched > out->viewers)
        refuse("--unwatched %u: more than there are viewers", out->unwatched);
}

bool viewers_options_unwatched(const struct viewers_options *options, unsigned index)
{
    return index >= options->viewers - options->unwatched;
}

const struct viewers_addresses *viewers_options_bind(const struct viewers_options *options,
                                                     unsigned index)
{
    return viewers_options_unwatched(options, index) ? &options->unwatched_bind : &options->bind;
}

void viewers_options_fini(struct viewers_options *options)
{
    free(options->url);
    free(options->bind.address);
    free(options->unwatched_bind.address);
}
