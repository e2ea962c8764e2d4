package rooms_test

import (
	"slices"
	"testing"

	"github.com/stoa-rooms/stoa/rooms"
)

func TestSuccessionStories(t *testing.T) {
	const second = 1000
	for _, tt := range []struct {
		name  string
		nodes int
		play  func(w *world)
		host  int
	}{
		{"nothing happens", 3, func(*world) {}, 0},
		{"killed with one in line", 2, func(w *world) { w.kill(0); w.run(30 * second); w.restart(0) }, 1},
		{"killed with two in line", 3, func(w *world) { w.kill(0); w.run(30 * second); w.restart(0) }, 1},
		{"killed with five in line", 6, func(w *world) { w.kill(0); w.run(30 * second); w.restart(0) }, 1},
		{"killed with the first in line", 6, func(w *world) {
			w.kill(0)
			w.kill(1)
			w.run(30 * second)
			w.restart(1)
			w.restart(0)
		}, 2},
		{"killed, and the claimant too", 4, func(w *world) {
			w.kill(0)
			w.run(8 * second)
			w.kill(1)
			w.run(30 * second)
			w.restart(0)
			w.restart(1)
		}, 2},
		{"restarted before anybody noticed", 3, func(w *world) { w.kill(0); w.run(second / 2); w.restart(0) }, 0},
		{"stopped for 20 s with two in line", 3, func(w *world) {
			w.peers[0].held = true
			w.run(20 * second)
			w.peers[0].held = false
		}, 1},
		{"stopped for 20 s with one in line: a tie", 2, func(w *world) {
			w.peers[0].held = true
			w.run(20 * second)
			w.peers[0].held = false
		}, 0},
		{"alone against two", 3, func(w *world) { copy(w.side, []int{0, 1, 1}); w.run(60 * second) }, 1},
		{"two against one", 3, func(w *world) { copy(w.side, []int{0, 1, 0}); w.run(60 * second) }, 0},
		{"two against one, after the other had lost the host and found it", 3, func(w *world) {
			w.run(4 * second / 10)
			w.peers[0].held = true
			w.run(35 * second / 10) // only one of them notices
			w.peers[0].held = false
			w.run(60 * second)
			copy(w.side, []int{0, 1, 0})
			w.run(60 * second)
		}, 0},
		{"two against two: a tie", 4, func(w *world) { copy(w.side, []int{0, 0, 1, 1}); w.run(60 * second) }, 0},
		{"two against two, and restarted", 4, func(w *world) {
			copy(w.side, []int{0, 0, 1, 1})
			w.run(30 * second)
			w.kill(0)
			w.run(second / 2)
			w.restart(0)
			w.run(30 * second)
		}, 2},
		{"two claim, each alone, against a host that lives", 3, func(w *world) {
			copy(w.side, []int{0, 1, 2})
			w.run(60 * second)
		}, 0},
		{"two claim, each alone, and the host is dead", 3, func(w *world) {
			w.kill(0)
			copy(w.side, []int{0, 1, 2})
			w.run(60 * second)
			clear(w.side)
			w.run(60 * second)
			w.restart(0)
		}, 1},
		{"three sides", 6, func(w *world) { copy(w.side, []int{0, 1, 1, 2, 2, 2}); w.run(60 * second) }, 0},
		{"alone against five, and one against five, again and again", 6, func(w *world) {
			for range 3 {
				copy(w.side, []int{0, 1, 1, 1, 1, 1})
				w.run(20 * second)
				clear(w.side)
				w.run(20 * second)
				copy(w.side, []int{0, 1, 0, 0, 0, 0})
				w.run(20 * second)
				clear(w.side)
				w.run(20 * second)
			}
		}, -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, tt.nodes)
			w.run(10 * second)
			tt.play(w)
			clear(w.side)
			w.run(40 * second)
			if host := w.agree(tt.name); tt.host >= 0 && host != tt.host {
				t.Errorf("%d hosts, want %d", host, tt.host)
			}
		})
	}
}

// TestRoomIsBackInTime holds how long a room has no host after its host is killed.
func TestRoomIsBackInTime(t *testing.T) {
	for nodes := 2; nodes <= 6; nodes++ {
		for phase := range 4 {
			w := newWorld(t, nodes)
			w.run(10_000 + int64(phase)*300)
			w.kill(0)
			at := w.now
			for len(w.hosting()) == 0 && w.now < at+20_000 {
				w.run(tick)
			}
			// Two seconds are left for members to be taken over.
			if took := w.now - at; took > rooms.SilenceMost-2_000 {
				t.Errorf("%d nodes, phase %d: a host after %d ms", nodes, phase, took)
			}
			w.run(5_000)
			if h := w.hosting(); !slices.Equal(h, []int{1}) {
				t.Errorf("%d nodes, phase %d: %v host", nodes, phase, h)
			}
		}
	}
}
