# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""The simulated cluster of Proxmox VE: how it is started, asked and changed."""

import json
import os
import ssl
import urllib.request

import launch


class Cluster:
    """A running pvesim."""

    def __init__(self, binary, certs, *flags, cert="good"):
        self.certs = certs
        good = certs[cert]
        self.server = launch.Server([binary, "-cert", good["cert"], "-key", good["key"], "-delay",
                                     "50ms", *map(str, flags)])
        self.port = self.server.port

    def target(self, user="root@pam!vperf"):
        """The TARGET."""
        return f"pve://{user}@127.0.0.1:{self.port}"

    def args(self, user="root@pam!vperf"):
        """The TARGET and who vouches for it."""
        return ("--ca-file", self.certs["ca"]["cert"], self.target(user))

    def sim(self, what, address="127.0.0.1", **query):
        """Change the simulated cluster, or ask it, at a node's address."""
        context = ssl._create_unverified_context()  # noqa: SLF001
        text = "&".join(f"{key}={value}" for key, value in query.items())
        url = f"https://{address}:{self.port}/sim/{what}?{text}"
        with urllib.request.urlopen(url, context=context) as answer:
            return json.loads(answer.read() or b"null")


def binary(tmp_path_factory):
    """The simulator, built unless the environment names one."""
    build = os.environ.get("VPERF_SERVERS") or os.environ.get("VPERF_BUILD")
    if build and os.access(f"{build}/pvesim", os.X_OK):
        return f"{build}/pvesim"
    return launch.build_go("pvesim", build or tmp_path_factory.mktemp("servers"))
