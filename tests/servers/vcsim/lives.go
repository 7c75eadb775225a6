// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
//
// Real mode: when an entity has samples. It has a life from its creation or power-on to its end
// or power-off; a real-time sample exists when its 20 seconds are wholly in one life, and is seen
// until that life ends or the sample is an hour old. A sample may become visible late.
package main

import (
	"sort"
	"time"
)

// life is a time in which an entity is on, in milliseconds since 1970.
type life struct {
	from, until int64          // until 0: it goes on
	asked       []int64        // when the samples of this life were asked for, with an answer
	delivered   map[int64]bool // samples that an answer had, by their time in seconds
}

// delay makes the samples of some seconds visible late.
type delay struct {
	after, until int64 // samples with after < time ≤ until, in seconds
	intervals    int64 // by so many intervals; 0: all of them at the end
}

// hollow is a time whose samples of a counter are -1 until it is over; then they have values.
type hollow struct {
	counter      string
	after, until int64 // samples with after < time ≤ until, in seconds
}

// isHollow tells whether the server has no value of a counter for a time yet.
func (p *performanceManager) isHollow(counter int32, at, now int64) bool {
	for _, h := range p.hollows {
		if h.after < at && at <= h.until && now <= h.until && p.counterName(counter) == h.counter {
			return true
		}
	}
	return false
}

// forever is before all archives.
const forever = -1 << 60

func millis(t time.Time) int64 { return t.UnixNano() / int64(time.Millisecond) }

// begin starts a life, unless one goes on.
func (e *entity) begin(at int64) {
	if e.alive() == nil {
		e.lives = append(e.lives, &life{from: at, delivered: make(map[int64]bool)})
	}
}

// end ends the life that goes on.
func (e *entity) end(at int64) {
	if l := e.alive(); l != nil {
		l.until = at
	}
}

// alive returns the life that goes on, or nil.
func (e *entity) alive() *life {
	if n := len(e.lives); n > 0 && e.lives[n-1].until == 0 {
		return e.lives[n-1]
	}
	return nil
}

// has tells whether the interval that ends at a time is in the life.
func (l *life) has(end, interval int64) bool {
	return (end-interval)*1000 >= l.from && (l.until == 0 || end*1000 <= l.until)
}

// published returns when a sample becomes visible, in seconds.
func (e *entity) published(end int64) int64 {
	at := end
	for _, d := range e.delays {
		if end <= d.after || end > d.until {
			continue
		}
		late := d.until
		if d.intervals > 0 {
			late = end + d.intervals*realtimeInterval
		}
		if late > at {
			at = late
		}
	}
	return at
}

// visible keeps the times of real-time samples that the entity shows at a moment.
func (e *entity) visible(times []int64, now int64) []int64 {
	l := e.alive()
	if l == nil {
		return nil
	}
	first := sort.Search(len(times), func(i int) bool { return l.has(times[i], realtimeInterval) })
	times = times[first:]
	if len(e.delays) == 0 {
		return times
	}
	var seen []int64
	for _, end := range times {
		if e.published(end) <= now {
			seen = append(seen, end)
		}
	}
	return seen
}
