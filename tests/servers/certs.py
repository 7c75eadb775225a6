#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Makes the certificates that the TLS tests need, with the openssl command.

`certs.py DIR` fills DIR with a CA and server certificates and prints their file names and
thumbprints as JSON; `make(directory)` does the same for pytest.
"""

import hashlib
import json
import pathlib
import shutil
import ssl
import subprocess
import sys

LOCAL_NAMES = "DNS:localhost,IP:127.0.0.1,IP:::1"
BOTH_NAMES = LOCAL_NAMES + ",IP:127.0.0.2"
WRONG_NAMES = "DNS:other.example.com,IP:192.0.2.1"

# Name, subject alternative names, first and last day (openssl's -startdate form), signer.
SERVERS = (
    ("good", LOCAL_NAMES, "20200101000000Z", "20491231000000Z", "ca"),
    ("both", BOTH_NAMES, "20200101000000Z", "20491231000000Z", "ca"),
    ("expired", LOCAL_NAMES, "20200101000000Z", "20200201000000Z", "ca"),
    ("too-early", LOCAL_NAMES, "20480101000000Z", "20491231000000Z", "ca"),
    ("wrong-name", WRONG_NAMES, "20200101000000Z", "20491231000000Z", "ca"),
    ("weak", LOCAL_NAMES, "20200101000000Z", "20491231000000Z", "ca"),
    ("self-signed", LOCAL_NAMES, "20200101000000Z", "20491231000000Z", None),
)

CA_CONFIG = """
[ca]
default_ca = test_ca
[test_ca]
database = {directory}/index.txt
rand_serial = yes
unique_subject = no
new_certs_dir = {directory}
default_md = sha256
policy = policy
[policy]
commonName = supplied
[v3_ca]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
"""

SERVER_EXTENSIONS = """
[v3_server]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = {names}
"""


def openssl(*arguments):
    """Run openssl, raise with its messages when it fails, and return them."""
    done = subprocess.run(("openssl",) + arguments, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {arguments[0]}: {done.stdout}")
    return done.stdout


def thumbprint(certificate, algorithm="sha256"):
    """Return the thumbprint of a PEM file as AA:BB:…"""
    der = ssl.PEM_cert_to_DER_cert(pathlib.Path(certificate).read_text())
    digest = hashlib.new(algorithm, der).hexdigest().upper()
    return ":".join(digest[i:i + 2] for i in range(0, len(digest), 2))


def make_request(directory, name, common_name):
    """Make a key and a signing request."""
    kind = ["rsa:1024"] if name == "weak" else ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    openssl("req", "-new", "-newkey", *kind, "-nodes",
            "-subj", f"/CN={common_name}", "-keyout", f"{directory}/{name}.key",
            "-out", f"{directory}/{name}.csr")


def sign(directory, name, signer, section, dates):
    """Sign NAME's request with the key of SIGNER, or with its own."""
    with_key = ["-keyfile", f"{directory}/{signer or name}.key"]
    with_key += ["-cert", f"{directory}/{signer}.pem"] if signer else ["-selfsign"]
    openssl("ca", "-batch", "-notext", "-config", f"{directory}/ca.cnf", "-extensions", section,
            "-startdate", dates[0], "-enddate", dates[1], *with_key,
            "-in", f"{directory}/{name}.csr", "-out", f"{directory}/{name}.pem")


def make(directory):
    """Fill DIRECTORY; return {name: {cert, key, sha256, sha1}} for ca and each server."""
    directory = pathlib.Path(directory).resolve()
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "index.txt").write_text("")
    config = CA_CONFIG.format(directory=directory)
    (directory / "ca.cnf").write_text(config)
    make_request(directory, "ca", "vperf test CA")
    sign(directory, "ca", None, "v3_ca", ("20200101000000Z", "20491231000000Z"))
    for name, names, first, last, signer in SERVERS:
        (directory / "ca.cnf").write_text(config + SERVER_EXTENSIONS.format(names=names))
        make_request(directory, name, name)
        sign(directory, name, signer, "v3_server", (first, last))
    remove_leftovers(directory)
    return {name: describe(directory, name) for name in ["ca"] + [row[0] for row in SERVERS]}


def remove_leftovers(directory):
    """Remove what `openssl ca` keeps about the certificates that it issued."""
    issued = [line.split("\t")[3] for line in (directory / "index.txt").read_text().splitlines()]
    for path in [directory / f"{serial}.pem" for serial in issued]:
        path.unlink()
    for pattern in ("*.csr", "index.txt*", "ca.cnf"):
        for path in directory.glob(pattern):
            path.unlink()


def hashed(directory, certificate):
    """Fill DIRECTORY with the certificate of an authority, as $SSL_CERT_DIR has them; return it."""
    pathlib.Path(directory).mkdir()
    name = openssl("x509", "-in", certificate, "-noout", "-hash").strip()
    shutil.copy(certificate, f"{directory}/{name}.0")
    return str(directory)


def describe(directory, name):
    """Return the files and thumbprints of one certificate."""
    certificate = directory / f"{name}.pem"
    return {"cert": str(certificate), "key": str(directory / f"{name}.key"),
            "sha256": thumbprint(certificate), "sha1": thumbprint(certificate, "sha1")}


def main():
    """Make the certificates in the directory given on the command line."""
    if len(sys.argv) != 2:
        sys.exit("usage: certs.py DIR")
    json.dump(make(sys.argv[1]), sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
