#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# The main job against a simulated ESXi host: demo.sh VPERF SERVERS_BUILD OUTPUT_DIR
set -euo pipefail
vperf=$1 servers=$2 output=$3
here=$(dirname "$(readlink -f "$0")")
mkdir -p "$output"
rm -rf "${output:?}"/*

cat >"$output/names.json" <<'END'
["web-1", "web-2", "db-1", "db-2", "cache-1", "mail", "build, nightly", "Büro \"Süd\"", "監視"]
END
"$here/servers/certs.py" "$output/certificates" >/dev/null
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

echo "A simulated ESXi host answers at $address. The command:"
echo
echo "  vperf collect --ca-file ca.pem --output esx.csv --coverage coverage.csv root@$address"
echo
"$vperf" collect --ca-file "$output/certificates/ca.pem" --output "$output/esx.csv" \
    --coverage "$output/coverage.csv" "root@$address"
echo
echo "The first lines of $output/esx.csv ($(wc -l <"$output/esx.csv") lines):"
head -n 8 "$output/esx.csv"
echo
echo "$output/coverage.csv accounts for each counter and kind of entity:"
python3 - "$output/coverage.csv" <<'END'
import collections, csv, sys
with open(sys.argv[1], newline="", encoding="utf-8") as file:
    rows = collections.Counter((row["type"], row["status"]) for row in csv.DictReader(file))
for (kind, status), count in sorted(rows.items()):
    print(f"{count:5}  {kind:5} {status}")
END
