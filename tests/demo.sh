#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# The main jobs against a simulated ESXi host and libvirt: demo.sh VPERF SERVERS_BUILD OUTPUT_DIR
set -euo pipefail
vperf=$1 servers=$2 output=$3
here=$(dirname "$(readlink -f "$0")")
mkdir -p "$output"
rm -rf "${output:?}"/*

# serve NAME OPTION...: a simulator, whose log is NAME.log; its address is in $address.
simulators=()
trap 'kill "${simulators[@]}" 2>/dev/null || true; wait' EXIT
serve() {
    local log=$output/$1.log pid
    shift
    : >"$log"
    "$servers/vcsim" -mode real "$@" -username root -names "$output/names.json" -plausible \
        -cert "$output/certificates/good.pem" -key "$output/certificates/good.key" \
        -l 127.0.0.1:0 -die-with-parent >"$log" 2>&1 &
    pid=$!
    simulators+=("$pid")
    until address=$(sed -n 's|^listening https://\(.*\)/sdk$|\1|p' "$log") && [ -n "$address" ]; do
        kill -0 "$pid" || { cat "$log"; exit 1; }
        sleep 0.05
    done
}

cat >"$output/names.json" <<'END'
["web-1", "web-2", "db-1", "db-2", "cache-1", "mail", "build, nightly", "Büro \"Süd\"", "監視",
 "app-1", "app-2", "app-3", "proxy-1", "proxy-2", "ldap", "wiki", "files", "backup", "test-1",
 "test-2", "print", "erp", "erp-db", "old-shop"]
END
"$here/servers/certs.py" "$output/certificates" >/dev/null
export VPERF_PASSWORD
VPERF_PASSWORD=$(openssl rand -hex 12)
export VCSIM_PASSWORD=$VPERF_PASSWORD
serve simulator -model esx -vm 9 -off 1

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

serve vcenter -model vpx -host 4 -vm 24 -off 1 -space -level 3
echo
echo "A simulated vCenter answers at $address. What a week of its archive says:"
echo
echo "  vperf report --last 7d --output report.html root@$address"
echo
week=(--quiet --last 7d "${trust[@]}" "root@$address")
"$vperf" report "${week[@]}" --output "$output/report.html"
"$vperf" report "${week[@]}" --output "$output/report.xlsx"
"$vperf" report "${week[@]}" --top 5 --format table >"$output/report.txt"
sed -n '/^Summary/,/^$/p; /^Right-sizing/,/^$/p' "$output/report.txt"
echo "The whole report: $output/report.html (also report.txt, report.xlsx)"
