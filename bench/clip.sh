#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Makes a clip that bench/source plays: OUT.h264, and beside it OUT.opus, OUT.pcmu or OUT.pcma.
# It lasts 10 s or as much more as joins to a loop, a whole number of GOPs and of audio packets.
#
#     bench/clip.sh OUT [options]
#
#     --bitrate KBIT     of the video, kbit/s (2000)
#     --fps N            frames per second, a divisor of 90,000 (30)
#     --gop N | Ns       from keyframe to keyframe, in frames or in seconds (2s)
#     --resolution WxH   in pixels, both even (1280x720)
#     --audio CODEC      opus, pcmu, pcma or none (opus)
#
# Video: a moving pattern with a running clock; constrained baseline, which every browser decodes,
# no B-frames, the bitrate held frame by frame: P-frames of about 8 KB at 2 Mbit/s. Audio: soft
# tones with silence at the end of each second, in packets of 20 ms.
#
# The files appear when they are complete, the video last. Exit 1 when the pattern cannot be
# encoded to within 5 % of the bitrate.
set -euo pipefail

font=/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf
bitrate=2000 fps=30 gop=2s resolution=1280x720 audio=opus

usage() {
    sed -n '3,/^# Video/{/^# Video/d; s/^# \{0,1\}//p}' "$0" >&2
    exit 2
}

[ $# -ge 1 ] && [[ $1 != --* ]] || usage
out=$1
shift
while [ $# -gt 0 ]; do
    [[ $1 =~ ^--(bitrate|fps|gop|resolution|audio)$ ]] && [ $# -ge 2 ] || usage
    declare "${BASH_REMATCH[1]}=$2"
    shift 2
done
[[ $bitrate =~ ^[1-9][0-9]*$ && $fps =~ ^[1-9][0-9]*$ && $gop =~ ^([1-9][0-9]*)(s?)$ ]] || usage
gop_frames=$((BASH_REMATCH[1] * (${#BASH_REMATCH[2]} ? fps : 1)))
[[ $resolution =~ ^([1-9][0-9]*)x([1-9][0-9]*)$ ]] || usage
width=${BASH_REMATCH[1]} height=${BASH_REMATCH[2]}
[[ $audio =~ ^(opus|pcmu|pcma|none)$ ]] && [ $((90000 % fps)) -eq 0 ] || usage
[ $((width % 2 + height % 2)) -eq 0 ] || usage

frames=$gop_frames
while [ "$frames" -lt $((10 * fps)) ] || [ $((frames * 50 % fps)) -ne 0 ]; do
    frames=$((frames + gop_frames))
done
duration=$((frames * 1000 / fps))ms

video="testsrc2=size=$resolution:rate=$fps:duration=$duration"
# Beyond a quarter of a bit per pixel the pattern alone is too simple to be worth its bitrate.
if [ $((bitrate * 4000)) -gt $((width * height * fps)) ]; then
    noise=$((20 + bitrate * 20000 / (width * height * fps)))
    video+=",noise=alls=$((noise < 100 ? noise : 100)):allf=t"
fi
if [ -f "$font" ]; then
    video+=",drawtext=fontfile=$font:text='%{pts\\:hms}':fontsize=$((height / 10)):fontcolor=white"
    video+=":box=1:boxcolor=black@0.6:boxborderw=$((height / 60))"
    video+=":x=(w-tw)/2:y=h-th-$((height / 12))"
else
    echo "clip.sh: $font is missing (fonts-dejavu-core): the clock is the pattern's own" >&2
fi
# A new tone each second, in fifths, fading in and out.
tone='0.12*sin(2*PI*220*pow(2,mod(floor(t)*7,12)/12)*t)*sin(PI*mod(t,1))'
tone=${tone//,/\\,}

mkdir -p "$(dirname "$out")"
part=$out.part.$$
trap 'rm -f "$part".*' EXIT

# encode_video KBIT: leaves in $reached what came of it, in kbit/s.
encode_video() {
    ffmpeg -nostdin -v error -y -f lavfi -i "$video" -pix_fmt yuv420p \
        -c:v libx264 -preset veryfast -tune zerolatency -profile:v baseline \
        -b:v "${1}k" -maxrate "${1}k" -bufsize "$(($1 / 4))k" \
        -g "$gop_frames" -keyint_min "$gop_frames" -sc_threshold 0 -bf 0 \
        -threads 1 -f h264 "$part.h264"
    reached=$(($(stat -c %s "$part.h264") * 8 * fps / frames / 1000))
}

# within PERCENT: of the bitrate that was asked for.
within() {
    local miss=$((reached > bitrate ? reached - bitrate : bitrate - reached))
    [ $((miss * 100)) -le $((bitrate * $1)) ]
}

# At low rates the encoder stays below what it is told, so it is told a little more.
rate=$bitrate
for _ in 1 2 3; do
    encode_video "$rate"
    ! within 2 || break
    rate=$((rate * bitrate / reached))
done
if ! within 5; then
    echo "clip.sh: $resolution at $fps frames/s comes to $reached kbit/s, not $bitrate" >&2
    exit 1
fi
case $audio in
opus) encode=(-c:a libopus -b:a 64k -frame_duration 20 -f ogg) source="$tone|$tone:s=48000" ;;
pcmu) encode=(-c:a pcm_mulaw -f mulaw) source="$tone:s=8000" ;;
pcma) encode=(-c:a pcm_alaw -f alaw) source="$tone:s=8000" ;;
esac
if [ "$audio" != none ]; then
    ffmpeg -nostdin -v error -y -f lavfi -i "aevalsrc=$source:d=$duration" \
        "${encode[@]}" "$part.$audio"
    mv "$part.$audio" "$out.$audio"
fi
mv "$part.h264" "$out.h264"
