package media

import (
	"testing"
	"time"
)

func TestExp(t *testing.T) {
	r := startServer(t, Config{}).Room(roomID(1))
	for n := range uint32(6) {
		r.Allow(1+n, true)
	}
	b, _ := openPages(t, r, "20")
	c := join(t, r, 2, clientOptions{slots: 3, mic: true})
	v := voiceFile(t, "ann")
	say := func(n int, loud bool) {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for f := range n {
			if loud {
				c.speak(25, v[f%len(v)].payload)
			} else {
				c.speak(80, v[149].payload)
			}
			<-tick.C
		}
	}
	say(150, true)
	m0 := b.measure()
	start := time.Now()
	done := make(chan bool)
	go func() {
		defer close(done)
		for range 3 {
			say(160, false)
			say(60, true)
		}
	}()
	last := m0[0].Inbound[0]
	tick := time.NewTicker(100 * time.Millisecond)
	for loop := true; loop; {
		select {
		case <-done:
			loop = false
		case <-tick.C:
			m := b.measure()[0].Inbound[0]
			t.Logf("%5d ms: packets %3.0f concealed %5.0f silent %5.0f of %5.0f", time.Since(start).Milliseconds(), m.Packets-last.Packets, m.Concealed-last.Concealed, m.Silent-last.Silent, m.Samples-last.Samples)
			last = m
		}
	}
	m1 := b.measure()
	for i := range m1[0].Inbound {
		a, z := m0[0].Inbound[i], m1[0].Inbound[i]
		t.Logf("slot %s: samples %.0f concealed %.2f%% silent %.2f%% events %.0f", z.MID, z.Samples-a.Samples, 100*(z.Concealed-a.Concealed)/(z.Samples-a.Samples), 100*(z.Silent-a.Silent)/(z.Samples-a.Samples), z.Events-a.Events)
	}
}
