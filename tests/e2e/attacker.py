# SPDX-License-Identifier: Apache-2.0
"""A stranger without manners: what a hostile network sends, at a bounded rate, from a seed.

    python3 attacker.py KIND SECONDS SEED JSON

KIND is one of ATTACKS; JSON are the arguments of its attack(). Prints what was sent, and what came
of it where that is known, as JSON.
"""
import json
import random
import sys

import attacker_http
import attacker_offers
import attacker_tcp
import attacker_udp
import attacker_viewer

ATTACKS = {
    "http": attacker_http.attack,
    "offers": attacker_offers.attack,
    "tcp": attacker_tcp.attack,
    "udp": attacker_udp.attack,
    "viewer": attacker_viewer.attack,
}


def main():
    kind, seconds, seed, arguments = sys.argv[1:]
    sent = ATTACKS[kind](float(seconds), random.Random(int(seed)), **json.loads(arguments))
    print(json.dumps(sent))


if __name__ == "__main__":
    main()
