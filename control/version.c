// SPDX-License-Identifier: Apache-2.0
#include "control/version.h"

#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "engine/cores.h"
#include "engine/engine.h"
#include "rtsp/transcode.h"
#include "version_info.h"

struct build_id {
    const unsigned char *bytes;
    size_t len;
};

// Notes are padded to four bytes (elf(5)).
static size_t padded(size_t len)
{
    return (len + 3) & ~(size_t)3;
}

static bool find_in_notes(const unsigned char *p, size_t len, struct build_id *out)
{
    ElfW(Nhdr) note;
    size_t name, size;

    while (len >= sizeof(note)) {
        memcpy(&note, p, sizeof(note));
        p += sizeof(note);
        len -= sizeof(note);
        name = padded(note.n_namesz);
        size = name + padded(note.n_descsz);
        if (size > len)
            return false;
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof("GNU") &&
            memcmp(p, "GNU", sizeof("GNU")) == 0) {
            out->bytes = p + name;
            out->len = note.n_descsz;
            return true;
        }
        p += size;
        len -= size;
    }
    return false;
}

// dl_iterate_phdr() gives the program itself first: returning 1 ends there.
static int find_in_program(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        // NOLINTNEXTLINE(performance-no-int-to-ptr): ELF gives places as numbers.
        const void *start = (const char *)info->dlpi_addr + segment->p_vaddr;

        if (segment->p_type == PT_NOTE && find_in_notes(start, segment->p_memsz, arg))
            break;
    }
    return 1;
}

static void print_build_id(FILE *out)
{
    struct build_id id = {0};

    dl_iterate_phdr(find_in_program, &id);
    fputs("build id:  ", out);
    for (size_t i = 0; i < id.len; i++)
        fprintf(out, "%02x", id.bytes[i]);
    fputs(id.len ? "\n" : "none\n", out);
}

// Makes an engine of one worker that lives on the given backend.
static int make_engine(enum eng_tx tx, struct eng_engine **out, const char **what)
{
    int core = eng_cores_first();
    struct eng_config config = {
        .listen.in4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)},
        .tx = tx,
        .cores = &core,
        .core_count = 1,
        .video_bytes = 64 << 10,
        .train_max = 1,
    };

    return eng_engine_create(&config, out, what);
}

static void print_backend(FILE *out, const char *name, enum eng_tx tx)
{
    struct eng_engine *engine;
    const char *what = "";
    int err = make_engine(tx, &engine, &what);

    if (err) {
        fprintf(out, "send:      %s (does not work here: %s: %s)\n", name, what, strerror(-err));
        return;
    }
    fprintf(out, "send:      %s (works here)\n", name);
    eng_engine_destroy(engine);
}

static void print_choice(FILE *out)
{
    struct eng_tx_costs costs;
    struct eng_engine *engine;
    const char *what;

    if (make_engine(ENG_TX_AUTO, &engine, &what))
        return;
    costs = eng_engine_tx_costs(engine);
    fprintf(out, "send:      auto is %s", eng_engine_tx_name(engine));
    if (costs.io_uring_ns != 0)
        fprintf(out, " (a message over loopback: io_uring %u ns, sendmmsg %u ns)",
                costs.io_uring_ns, costs.sendmmsg_ns);
    fputc('\n', out);
    eng_engine_destroy(engine);
}

const char *ctl_version(void)
{
    return RTCFAN_VERSION " (" RTCFAN_COMMIT ")";
}

void ctl_version_print(FILE *out)
{
    fprintf(out, "rtcfan %s\ncommit:    %s\ncompiler:  %s\n", RTCFAN_VERSION, RTCFAN_COMMIT,
            RTCFAN_COMPILER);
    print_build_id(out);
    fprintf(out, "sealer:    %s\n", eng_sealer_name());
    if (rtsp_transcoder())
        fprintf(out, "sound:     AAC becomes Opus\n");
    else
        fprintf(out, "sound:     no AAC (%s)\n", rtsp_transcoder_lacks());
    print_backend(out, "io_uring", ENG_TX_IO_URING);
    print_backend(out, "sendmmsg", ENG_TX_SENDMMSG);
    print_choice(out);
}
