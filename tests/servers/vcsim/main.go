// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
//
// vcsim runs a simulated ESXi host or vCenter for vperf's tests: govmomi's simulator as it is
// (-mode plain), or with the behaviour of real servers put in its place (-mode real).
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// options holds the command line.
type options struct {
	mode, model            string
	username, password     string
	cert, key, listen      string
	http, dieWithParent    bool
	vms, hosts             int
	off, disconnected      int
	datacenters, apps      int
	poolsLive, space       bool
	names, requestLog, now string
	seed                   int64
	missing, pageLimit     int
	hideIntervals          bool
	plausible              bool
	speed                  float64
	age, sessionIdle       time.Duration
	control                bool
	level, tags            int
	rest                   string
	weather                weather
}

func parseOptions(args []string) (*options, error) {
	o := new(options)
	f := flag.NewFlagSet("vcsim", flag.ContinueOnError)
	f.StringVar(&o.mode, "mode", "plain", "plain: stock vcsim; real: what real servers do")
	f.StringVar(&o.model, "model", "esx", "esx (340 counters) or vpx (vCenter, 560 counters)")
	f.StringVar(&o.username, "username", "user", "the only user who may log in")
	f.StringVar(&o.password, "password", "", "the user's password (default: that in $VCSIM_PASSWORD)")
	f.StringVar(&o.cert, "cert", "", "server certificate, PEM (default: a new self-signed one)")
	f.StringVar(&o.key, "key", "", "the certificate's private key, PEM")
	f.StringVar(&o.listen, "l", "127.0.0.1:0", "listen address; port 0 takes a free one")
	f.BoolVar(&o.http, "http", false, "plain HTTP, no TLS")
	f.BoolVar(&o.dieWithParent, "die-with-parent", false, "end when the starting process ends")
	f.IntVar(&o.vms, "vm", 2, "number of guests in all")
	f.IntVar(&o.hosts, "host", 1, "number of hosts (vpx; an esx model has one)")
	f.IntVar(&o.datacenters, "dc", 1, "vpx: datacenters, each with all the guests and hosts")
	f.IntVar(&o.apps, "app", 0, "vApps in the first resource pool; the last one holds the last guest")
	f.BoolVar(&o.poolsLive, "pools-live", false, "real: resource pools have samples in real time")
	f.BoolVar(&o.space, "space", false, "real: guests have file systems and snapshots")
	f.IntVar(&o.off, "off", 0, "the last N guests are powered off")
	f.IntVar(&o.disconnected, "disconnected", 0, "the last N hosts are disconnected")
	f.StringVar(&o.names, "names", "", "guest names: a JSON array of strings, or one a line")
	f.StringVar(&o.requestLog, "request-log", "", "write one JSON line per request to this file")
	f.Int64Var(&o.seed, "seed", 1, "the values of real mode and the places of guests follow from it")
	f.StringVar(&o.now, "now", "",
		"real: the server's clock stands still at this RFC 3339 time, or with -speed begins there")
	f.Float64Var(&o.speed, "speed", 0,
		"real: the server's clock runs so many times faster than ours (default 1; with -now 0)")
	f.DurationVar(&o.age, "age", -1,
		"real: the first guests and hosts have samples since so long (default: since ever)")
	f.DurationVar(&o.sessionIdle, "session-idle", 30*time.Minute,
		"real: a session unused for so long by the server's clock ends")
	f.BoolVar(&o.control, "control", false,
		"real: tests may change the world while it runs, over HTTP on a second port")
	f.BoolVar(&o.plausible, "plausible", false,
		"real: values that fit the sizes of guests and hosts, busier in the hours of work")
	f.IntVar(&o.missing, "missing", 0, "real: percentage of samples that are -1")
	f.IntVar(&o.level, "level", 1, "real: statistics level of the archived intervals, 1 to 4")
	f.BoolVar(&o.hideIntervals, "hide-intervals", false, "real: do not tell which samples are archived")
	f.IntVar(&o.pageLimit, "max-objects", 0, "real: the server's own limit of objects in a page")
	f.IntVar(&o.tags, "tags", 0, "real: number of tags that guests and hosts have (vpx)")
	f.StringVar(&o.rest, "rest", "both",
		"real: forms of the REST API (vpx): rest (6.5 and 6.7), api, or both (7.0 and later)")
	o.weather.addFlags(f)
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if o.password == "" { // no default of the flag, which -help would show
		o.password = envOr("VCSIM_PASSWORD", "pass")
	}
	return o, o.check(f)
}

func (o *options) check(f *flag.FlagSet) error {
	switch {
	case f.NArg() > 0:
		return fmt.Errorf("unexpected argument %q", f.Arg(0))
	case o.mode != "plain" && o.mode != "real":
		return fmt.Errorf("-mode %q: plain or real", o.mode)
	case o.model != "esx" && o.model != "vpx":
		return fmt.Errorf("-model %q: esx or vpx", o.model)
	case (o.cert == "") != (o.key == ""):
		return fmt.Errorf("-cert and -key go together")
	case o.model == "esx" && o.datacenters != 1:
		return fmt.Errorf("-dc %d: an esx model has one datacenter", o.datacenters)
	case o.model == "esx" && o.hosts != 1:
		return fmt.Errorf("-host %d: an esx model has one host", o.hosts)
	case o.rest != "rest" && o.rest != "api" && o.rest != "both":
		return fmt.Errorf("-rest %q: rest, api or both", o.rest)
	case o.speed < 0:
		return fmt.Errorf("-speed must not be negative")
	case o.vms < 0 || o.hosts < 1:
		return fmt.Errorf("-vm must not be negative, -host must be positive")
	}
	return o.checkMode(f)
}

// checkMode refuses flags of real mode in plain mode: they would do nothing.
func (o *options) checkMode(f *flag.FlagSet) error {
	var err error
	f.Visit(func(set *flag.Flag) {
		if o.mode == "plain" && strings.HasPrefix(set.Usage, "real: ") {
			err = fmt.Errorf("-%s needs -mode real", set.Name)
		}
	})
	return err
}

func envOr(name, otherwise string) string {
	if value, ok := os.LookupEnv(name); ok {
		return value
	}
	return otherwise
}

// awaitEnd returns on SIGTERM or SIGINT, or, when asked for, once the parent process is gone.
func awaitEnd(dieWithParent bool) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	parent := os.Getppid()
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-signals:
			return
		case <-ticker.C:
			if dieWithParent && os.Getppid() != parent {
				return
			}
		}
	}
}

func run(o *options) error {
	model, world, err := newModel(o)
	if err != nil {
		return err
	}
	defer model.Remove()
	server, err := newServer(o, model, world)
	if err != nil {
		return err
	}
	defer server.close()
	ready := "listening " + server.url
	if o.control {
		control, err := server.control()
		if err != nil {
			return err
		}
		ready += " control " + control
	}
	fmt.Println(ready)
	awaitEnd(o.dieWithParent)
	return nil
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("vcsim: ")
	o, err := parseOptions(os.Args[1:])
	if err == flag.ErrHelp {
		return
	}
	if err == nil {
		err = run(o)
	}
	if err != nil {
		log.Fatal(err)
	}
}
