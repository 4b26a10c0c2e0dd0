#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Makes the clip that bench/source plays: OUT.h264 and OUT.opus, 10 s that join to a loop.
#
#     bench/clip.sh OUT
#
# Video: a moving pattern with a running clock; constrained baseline, which every browser decodes,
# 1280x720, 30 frames/s, a keyframe each 2 s, no B-frames, 2 Mbit/s held frame by frame: P-frames
# of about 8 KB. Audio: soft tones with silence at the seam, Opus in packets of 20 ms.
set -euo pipefail

out=$1
seconds=10
font=/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf

video="testsrc2=size=1280x720:rate=30:duration=$seconds"
if [ -f "$font" ]; then
    video+=",drawtext=fontfile=$font:text='%{pts\\:hms}':fontsize=72:fontcolor=white"
    video+=":box=1:boxcolor=black@0.6:boxborderw=12:x=(w-tw)/2:y=h-th-60"
else
    echo "clip.sh: $font is missing (fonts-dejavu-core): the clock is the pattern's own" >&2
fi
# A new tone each second, in fifths, fading in and out.
tone='0.12*sin(2*PI*220*pow(2,mod(floor(t)*7,12)/12)*t)*sin(PI*mod(t,1))'
tone=${tone//,/\\,}

ffmpeg -nostdin -v error -y -f lavfi -i "$video" -pix_fmt yuv420p \
    -c:v libx264 -preset veryfast -tune zerolatency -profile:v baseline -level:v 3.1 \
    -b:v 2M -maxrate 2M -bufsize 500k -g 60 -keyint_min 60 -sc_threshold 0 -bf 0 \
    -threads 1 -f h264 "$out.h264"
ffmpeg -nostdin -v error -y -f lavfi -i "aevalsrc=$tone|$tone:s=48000:d=$seconds" \
    -c:a libopus -b:a 64k -frame_duration 20 -f ogg "$out.opus"
