#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# The main jobs against a simulated ESXi host and libvirt: demo.sh VPERF SERVERS_BUILD OUTPUT_DIR
set -euo pipefail
vperf=$1 servers=$2 output=$3
here=$(dirname "$(readlink -f "$0")")
mkdir -p "$output"
rm -rf "${output:?}"/*

cat >"$output/names.json" <<'END'
["web-1", "web-2", "db-1", "db-2", "cache-1", "mail", "build, nightly", "Büro \"Süd\"", "監視"]
END
"$here/servers/certs.py" "$output/certificates" >/dev/null
: >"$output/simulator.log"
export VPERF_PASSWORD
VPERF_PASSWORD=$(openssl rand -hex 12)
VCSIM_PASSWORD=$VPERF_PASSWORD "$servers/vcsim" -mode real -model esx -vm 9 -off 1 \
    -username root -names "$output/names.json" \
    -cert "$output/certificates/good.pem" -key "$output/certificates/good.key" \
    -l 127.0.0.1:0 -die-with-parent >"$output/simulator.log" 2>&1 &
simulator=$!
trap 'kill $simulator 2>/dev/null || true; wait $simulator 2>/dev/null || true' EXIT

until address=$(sed -n 's|^listening https://\(.*\)/sdk$|\1|p' "$output/simulator.log") &&
    [ -n "$address" ]; do
    kill -0 $simulator || { cat "$output/simulator.log"; exit 1; }
    sleep 0.05
done

libvirt=qemu:///system
"$vperf" inventory --quiet "$libvirt" >/dev/null 2>&1 || libvirt=test:///default
trust=(--ca-file "$output/certificates/ca.pem")
echo "A simulated ESXi host answers at $address, libvirt at $libvirt."
echo "(What the simulator answers is invented.) Both are watched for 20 seconds by two commands:"
echo
echo "  vperf collect --output both.csv --coverage coverage.csv root@$address $libvirt"
echo "  vperf compare --counter cpu.usage.average,... root@$address $libvirt"
echo
"$vperf" compare --quiet --format table --counter \
    'cpu.usage.average,cpu.ready.summation,mem.usage.average,net.usage.average,disk.usage.average' \
    "${trust[@]}" "root@$address" "$libvirt" >"$output/compare.txt" &
compare=$!
"$vperf" collect --output "$output/both.csv" --coverage "$output/coverage.csv" "${trust[@]}" \
    "root@$address" "$libvirt"
wait $compare
echo
echo "Some lines of $output/both.csv ($(wc -l <"$output/both.csv") lines):"
head -n 1 "$output/both.csv"
grep -m 3 ',esxi,vm,' "$output/both.csv"
grep -v ',esxi,' "$output/both.csv" | sed -n '2,4p'
echo
echo "$output/coverage.csv accounts for each counter and kind of entity:"
python3 - "$output/coverage.csv" <<'END'
import collections, csv, sys
with open(sys.argv[1], newline="", encoding="utf-8") as file:
    rows = collections.Counter((row["type"], row["status"]) for row in csv.DictReader(file))
for (kind, status), count in sorted(rows.items()):
    print(f"{count:5}  {kind:5} {status}")
END
echo
echo "$output/compare.txt:"
cat "$output/compare.txt"
