# SPDX-License-Identifier: Apache-2.0
"""Two offers, each turned into the other's answer: what a front between a WHEP viewer and a server
that makes offers itself has to do. Candidates, keys and payload types are left as they are, so that
media flows directly between the two."""

# Of a section: what describes its transport or its codecs, in an answer as in an offer.
KEPT = ("a=candidate:", "a=end-of-candidates", "a=ice-ufrag:", "a=ice-pwd:", "a=ice-options:",
        "a=fingerprint:", "a=rtcp-mux", "a=rtcp-rsize", "a=ssrc:")
BY_TYPE = ("a=rtpmap:", "a=fmtp:", "a=rtcp-fb:")


def split(text):
    """(lines of the session, [lines of each section])."""
    lines = [line for line in text.replace("\r", "").split("\n") if line]
    starts = [i for i, line in enumerate(lines) if line.startswith("m=")] + [len(lines)]
    return lines[:starts[0]], [lines[a:b] for a, b in zip(starts, starts[1:])]


def kind(section):
    return section[0][2:].split()[0]


def types(section):
    return section[0].split()[3:]


def _value(section, name):
    return next((line[len(name):] for line in section if line.startswith(name)), "")


def _agree(number, *sections):
    """Is it the same codec to all of them? One that needs no name, as 0, may go without."""
    names = {_value(section, f"a=rtpmap:{number} ").lower() for section in sections}
    return len(names - {""}) <= 1


def _common(offered, answering):
    """The payload types of both. The one that sends keeps its numbers: one that means another codec
    to the other is of no use to it, nor is its RTX."""
    numbers = [number for number in types(answering)
               if number in types(offered) and _agree(number, offered, answering)]
    return [number for number in numbers
            if _value(answering, f"a=fmtp:{number} apt=") in ("", *numbers)]


def _section(offered, answering, session, setup, direction):
    numbers = _common(offered, answering)
    if not numbers:
        return [f"m={kind(offered)} 0 UDP/TLS/RTP/SAVPF {types(offered)[0]}",
                "c=IN IP4 0.0.0.0", "a=inactive", "a=mid:" + _value(offered, "a=mid:")]
    lines = [f"m={kind(offered)} 9 UDP/TLS/RTP/SAVPF {' '.join(numbers)}", "c=IN IP4 0.0.0.0",
             "a=mid:" + _value(offered, "a=mid:"), f"a=setup:{setup}", f"a={direction}"]
    # Keys that stand in the session's part hold for each section.
    lines += [line for line in session if line.startswith(KEPT)]
    for line in answering:
        head, _, _ = line.partition(" ")
        if line.startswith(KEPT) or (line.startswith(BY_TYPE) and
                                     head.partition(":")[2] in numbers):
            lines.append(line)
    return lines


def answer(offer, other, setup, direction):
    """The answer to offer that lets it talk to the one who made other."""
    _, sections = split(offer)
    session, theirs = split(other)
    by_kind = {kind(section): section for section in theirs}
    answers = [_section(section, by_kind.get(kind(section), [f"m={kind(section)} 0 X -"]), session,
                        setup, direction) for section in sections]
    # What is refused is not bundled (RFC 9143, section 7.3.3).
    mids = " ".join(_value(each, "a=mid:") for each in answers if "a=inactive" not in each)
    lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", f"a=group:BUNDLE {mids}"]
    lines += [line for line in session if line == "a=ice-lite"]
    return "\r\n".join(sum(answers, lines)) + "\r\n"
