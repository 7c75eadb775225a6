// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
//
// Real mode: the server's clock. It runs at a speed of its own, and the speed may change.
package main

import (
	"sync"
	"time"
)

type clock struct {
	mu    sync.Mutex
	base  time.Time // the server's time …
	mark  time.Time // … at this moment of ours
	speed float64   // seconds of the server in one of ours; 0: it stands still
}

// newClock starts a clock; without a time it is ours. A clock that is set to a time stands still
// unless it has a speed.
func newClock(o *options) (*clock, error) {
	c := &clock{mark: time.Now(), speed: o.speed}
	c.base = c.mark
	if o.now != "" {
		var err error
		if c.base, err = time.Parse(time.RFC3339, o.now); err != nil {
			return nil, err
		}
	} else if c.speed == 0 {
		c.speed = 1
	}
	c.base = c.base.Add(o.weather.clockOffset)
	return c, nil
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at(time.Now())
}

func (c *clock) at(ours time.Time) time.Time {
	passed := float64(ours.Sub(c.mark)) * c.speed
	return c.base.Add(time.Duration(passed)).UTC()
}

// run changes the speed from now on.
func (c *clock) run(speed float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ours := time.Now()
	c.base, c.mark, c.speed = c.at(ours), ours, speed
}

// forward puts the clock forward.
func (c *clock) forward(span time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.base = c.base.Add(span)
}

// ours converts a time span of the server's to one of ours; false when the clock stands still.
func (c *clock) ours(span time.Duration) (time.Duration, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.speed == 0 {
		return 0, false
	}
	return time.Duration(float64(span) / c.speed), true
}
