// SPDX-License-Identifier: Apache-2.0
#include "engine/report.h"

#include "engine/rtcp.h"

static size_t senders_of(const struct eng_worker *w, const struct eng_viewer *v,
                         struct eng_rtcp_sender out[ENG_TRACKS])
{
    size_t n = 0;

    for (int t = 0; t < ENG_TRACKS; t++) {
        const struct eng_rewrite *rw = &v->place[t].rewrite;

        if (!v->place[t].on)
            continue;
        out[n++] = (struct eng_rtcp_sender){
            .ssrc = rw->ssrc,
            .report = rw->any,
            .rtp_timestamp = eng_rewrite_timestamp_at(rw, w->real_ns),
            .packets = rw->packets,
            .octets = rw->octets,
        };
    }
    return n;
}

void eng_report_send(struct eng_worker *worker, struct eng_viewer *viewer, bool bye)
{
    struct eng_rtcp_sender senders[ENG_TRACKS];
    size_t count = senders_of(worker, viewer, senders);
    struct eng_send *send = count > 0 ? eng_worker_send(worker) : NULL;

    if (!send)
        return;
    send->len = eng_rtcp_write(send->data, senders, count, viewer->cname, worker->real_ns, bye);
    send->len = eng_srtp_seal_rtcp(&viewer->srtp, send->data, send->len);
    if (send->len == 0) {
        eng_send_put(&worker->sends, send);
        return;
    }
    send->viewer = viewer;
    send->packets = 1;
    send->kind = ENG_SEND_RTCP;
    eng_worker_push(worker, send, &viewer->tuple, send->len);
}
