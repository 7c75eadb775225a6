// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception

// pvesim answers as a cluster of Proxmox VE does, as far as vperf asks. Its first line on stdout
// names its URL. The state is a pure function of time; POST /sim/FAULT?node=…&vmid=… changes it.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

type server struct {
	sync.Mutex
	*world
	delay   time.Duration
	looks   map[string]int // of the workers of each node
	running map[string]int // requests at each node, and the most there were
	most    int
	asked   map[string]int
	bare    bool // nobody has rights any more
	away    bool // nobody gets an answer
	lost    bool // sessions are forgotten
	doors   [2]*http.Server
}

func (s *server) fail(w http.ResponseWriter, status int, reason string) {
	body := `{"data":null}`
	if s.version >= 9 {
		text, _ := json.Marshal(reason)
		body = fmt.Sprintf(`{"data":null,"message":%s}`, text)
		reason = http.StatusText(status)
	}
	if status == 401 {
		time.Sleep(s.delay)
		body = ""
	}
	// Go writes no reasons of its own: the connection is taken over.
	connection, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer connection.Close()
	fmt.Fprintf(connection, "HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		status, reason, time.Now().UTC().Format(http.TimeFormat), len(body), body)
}

func (s *server) give(w http.ResponseWriter, data any) {
	w.Header().Set("Date", time.Now().Add(time.Duration(s.skew)*time.Second).UTC().Format(http.TimeFormat))
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	json.NewEncoder(w).Encode(map[string]any{"data": data})
}

// 0: unknown, 1: sees nothing, 2: sees all.
func (s *server) rights(r *http.Request) int {
	if cookie, err := r.Cookie("PVEAuthCookie"); err == nil && cookie.Value == "PVE:root@pam:1::good" && !s.lost {
		return 2
	}
	switch r.Header.Get("Authorization") {
	case "PVEAPIToken=root@pam!vperf=" + secret:
		return 2
	case "PVEAPIToken=root@pam!bare=" + secret:
		return 1
	}
	return 0
}

func (s *server) login(w http.ResponseWriter, r *http.Request) {
	user, password := r.PostFormValue("username"), r.PostFormValue("password")
	switch {
	case user == "tfa@pam" && password == secret:
		s.give(w, map[string]any{"username": user, "NeedTFA": 1, "ticket": "PVE:!tfa!x"})
	case user == "root@pam" && (password == secret || password == "PVE:root@pam:1::good"):
		s.lost = false
		s.give(w, map[string]any{"username": user, "ticket": "PVE:root@pam:1::good", "CSRFPreventionToken": "x"})
	default:
		s.fail(w, 401, "authentication failure")
	}
}

// A fault from now on, or its end: with value=0.
func (s *server) control(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	node, on := query.Get("node"), query.Get("value") != "0"
	vmid, _ := strconv.Atoi(query.Get("vmid"))
	g := s.guests[vmid]
	switch strings.TrimPrefix(r.URL.Path, "/sim/") {
	case "dead":
		s.dead[node] = on
	case "offline":
		s.offline[node] = on
	case "hung":
		s.hung[vmid] = on
	case "forgotten":
		s.forgotten[node] = on
	case "unmetered":
		s.unmetered[node] = on
	case "lost":
		s.lost = on
	case "silent": // the first node answers nobody any more; to be asked of the second
		s.doors[0].Close()
	case "migrate":
		g.node, g.pid, g.start = node, g.pid+1, time.Now().Unix()
	case "restart":
		g.pid, g.start = g.pid+1, time.Now().Unix()
	case "stop":
		g.running = !on
	case "remove":
		delete(s.guests, vmid)
	case "skew":
		s.skew, _ = strconv.ParseInt(query.Get("value"), 10, 64)
	case "bare":
		s.bare = on
	case "away":
		s.away = on
	case "clock":
		s.clocks[node], _ = strconv.ParseInt(query.Get("value"), 10, 64)
	case "asked":
		json.NewEncoder(w).Encode(map[string]any{"paths": s.asked, "most": s.most})
	default:
		w.WriteHeader(404)
	}
}

func (s *server) list(node, kind string, full bool) []any {
	now, list := time.Now(), []any{}
	look := s.looks[node]
	s.looks[node]++
	for _, g := range s.sorted() {
		if g.node != node || g.kind() != kind {
			continue
		}
		cpu := g.cpu
		if look < 3 {
			cpu = 0
		}
		if g.lxc {
			list = append(list, s.lxc(g, now))
		} else {
			list = append(list, s.qemu(g, now, cpu, full))
		}
	}
	return list
}

func (s *server) netstat(node string) []any {
	now, list := time.Now(), []any{}
	for _, g := range s.sorted() {
		if g.node == node && g.running {
			list = append(list, map[string]any{"vmid": strconv.Itoa(g.vmid), "dev": "net0",
				"in": strconv.FormatInt(g.grown(g.rx, now), 10), "out": strconv.FormatInt(g.grown(g.tx, now), 10)})
		}
	}
	return list
}

func (s *server) status() map[string]any {
	memory := map[string]any{"total": 64 * gib, "used": 16 * gib, "free": 40 * gib}
	if s.version >= 9 {
		memory["available"] = 48 * gib
	}
	return map[string]any{"cpu": 0, "wait": 0, "uptime": 1000 + time.Now().Unix() - s.epoch.Unix(), "memory": memory,
		"swap": map[string]any{"used": gib, "total": 8 * gib}, "ksm": map[string]any{"shared": gib / 2},
		"pveversion": fmt.Sprintf("pve-manager/%d.4.1/x", s.version),
		"cpuinfo": map[string]any{"cpus": 16, "cores": 8, "sockets": 1, "mhz": "800.000",
			"model": "Intel(R) Xeon(R) CPU @ 2.50GHz"}}
}

func (s *server) node(w http.ResponseWriter, r *http.Request, node, rest string) {
	if s.dead[node] {
		s.fail(w, 595, "No route to host")
		return
	}
	known := false
	for _, name := range s.nodes {
		known = known || name == node && !s.offline[name]
	}
	parts := strings.Split(rest, "/")
	vmid := 0
	if len(parts) > 1 {
		vmid, _ = strconv.Atoi(parts[1])
	}
	g := s.guests[vmid]
	switch {
	case !known:
		s.fail(w, 500, "hostname lookup '"+node+"' failed")
	case rest == "qemu" || rest == "lxc":
		s.give(w, s.list(node, rest, r.URL.Query().Get("full") == "1"))
	case rest == "netstat":
		s.give(w, s.netstat(node))
	case rest == "status":
		s.give(w, s.status())
	case rest == "rrddata":
		s.give(w, s.rrd(nil, time.Now()))
	case len(parts) == 3 && (g == nil || g.node != node):
		s.fail(w, 500, fmt.Sprintf("Configuration file 'nodes/%s/qemu-server/%d.conf' does not exist", node, vmid))
	case len(parts) == 3 && parts[2] == "config":
		s.give(w, s.config(g))
	case len(parts) == 3 && parts[2] == "rrddata":
		s.give(w, s.rrd(g, time.Now()))
	case len(parts) == 4 && rest == fmt.Sprintf("%s/%d/status/current", g.kind(), vmid) && !g.lxc:
		s.give(w, s.qemu(g, time.Now(), g.cpu, true))
	default:
		s.fail(w, 501, "Method 'GET "+r.URL.Path+"' not implemented")
	}
}

func (s *server) cluster(w http.ResponseWriter, r *http.Request, path string, all bool) {
	query := r.URL.Query()
	after, _ := strconv.ParseInt(query.Get("start-time"), 10, 64)
	switch {
	case path == "version":
		s.give(w, map[string]any{"version": fmt.Sprintf("%d.4.1", s.version), "release": fmt.Sprintf("%d.4", s.version)})
	case path == "nodes":
		list := []any{}
		for _, node := range s.nodes {
			list = append(list, map[string]any{"node": node, "status": "online", "type": "node"})
		}
		s.give(w, list)
	case path == "cluster/resources":
		s.give(w, s.resources(time.Now(), all))
	case path == "cluster/status":
		list := []any{}
		if len(s.nodes) > 1 {
			list = append(list, map[string]any{"type": "cluster", "name": "lab", "quorate": 1})
		}
		for i, node := range s.nodes {
			list = append(list, map[string]any{"type": "node", "name": node, "online": 1, "local": strings.HasPrefix(r.Host, address(i)+":"), "ip": address(i)})
		}
		s.give(w, list)
	case path == "cluster/metrics/export" && s.version >= 8 && all:
		s.give(w, map[string]any{"data": s.export(time.Now(), query.Get("history") == "1", after-s.skew)})
	case path == "cluster/metrics/export" && s.version >= 8:
		s.fail(w, 403, "Permission check failed (/, Sys.Audit)")
	default:
		s.fail(w, 501, "Method 'GET "+r.URL.Path+"' not implemented")
	}
}

// How many requests are at a node at a time.
func (s *server) enter(node string) func() {
	s.Lock()
	s.running[node]++
	if node != "" && s.running[node] > s.most {
		s.most = s.running[node]
	}
	s.Unlock()
	time.Sleep(2 * time.Millisecond)
	s.Lock()
	return func() {
		s.running[node]--
		s.Unlock()
	}
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/api2/json/")
	parts := strings.SplitN(path, "/", 3)
	node := ""
	if parts[0] == "nodes" && len(parts) == 3 {
		node = parts[1]
	}
	defer s.enter(node)()
	rights := s.rights(r)
	if s.bare && rights == 2 {
		rights = 1
	}
	s.asked[path]++
	if !strings.HasPrefix(path, "/sim/") {
		s.asked[strings.Split(r.Host, ":")[0]]++
	}
	switch {
	case strings.HasPrefix(r.URL.Path, "/sim/"):
		s.control(w, r)
	case s.away:
		s.fail(w, 503, "away")
	case path == "access/ticket" && r.Method == "POST":
		s.login(w, r)
	case rights == 0:
		s.fail(w, 401, "No ticket")
	case node == "":
		s.cluster(w, r, path, rights == 2)
	case rights == 1:
		s.fail(w, 403, "Permission check failed (/nodes/"+node+", Sys.Audit)")
	default:
		s.node(w, r, node, parts[2])
	}
}

const secret = "Sesam-0effne-Dich"

func main() {
	version := flag.Int("version", 9, "of Proxmox VE: 6 to 9")
	nodes := flag.Int("nodes", 2, "")
	guests := flag.Int("guests", 10, "")
	prefix := flag.String("prefix", "pve", "of the names of nodes")
	certificate := flag.String("cert", "", "")
	key := flag.String("key", "", "")
	step := flag.Int64("step", 10, "seconds between two looks of pvestatd")
	delay := flag.Duration("delay", 3*time.Second, "before a refusal")
	flag.Parse()
	s := &server{world: newWorld(*version, *nodes, *guests, *step, *prefix), delay: *delay, looks: map[string]int{},
		running: map[string]int{}, asked: map[string]int{}}
	port, err := s.listen(*certificate, *key)
	if err == nil {
		fmt.Printf("listening https://127.0.0.1:%d\n", port)
		select {}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// Of a node; the first two listen.
func address(node int) string { return fmt.Sprintf("127.0.0.%d", node+1) }

// A port that is free at both nodes.
func free() (listeners [2]net.Listener, err error) {
	for try := 0; try < 50; try++ {
		port := 0
		for i := range listeners {
			listeners[i], err = net.Listen("tcp", fmt.Sprintf("%s:%d", address(i), port))
			if err != nil {
				break
			}
			port = listeners[i].Addr().(*net.TCPAddr).Port
		}
		if err == nil {
			return listeners, nil
		}
		if port != 0 {
			listeners[0].Close()
		}
	}
	return listeners, err
}

// Both nodes have the port and the certificate. Proxmox VE speaks HTTP/1.1 and closes what is idle
// for 5 s.
func (s *server) listen(certificate, key string) (int, error) {
	listeners, err := free()
	if err != nil {
		return 0, err
	}
	for i := range s.doors {
		s.doors[i] = &http.Server{Handler: s, IdleTimeout: 5 * time.Second, TLSNextProto: noHTTP2}
	}
	for i, listener := range listeners {
		go s.doors[i].ServeTLS(listener, certificate, key)
	}
	return listeners[0].Addr().(*net.TCPAddr).Port, nil
}
