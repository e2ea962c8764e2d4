package media

import (
	"math"
	"testing"
	"time"

	"github.com/pion/rtcp"
)

func TestReception(t *testing.T) {
	var r reception
	if _, ok := r.report(0.5, time.Second); ok {
		t.Fatal("a report on nothing")
	}
	now := time.Duration(0)
	hear := func(seq int) {
		r.hear(packet{ssrc: 5, seq: uint16(seq), timestamp: uint32(seq * 960)}, now)
	}
	for i := range 100 { // wraps; one in ten is lost
		now += frameTime
		if i%10 != 5 {
			hear(65_500 + i)
		}
	}
	r.senderReported(0xabcd, now)
	got, ok := r.report(0, now+500*time.Millisecond)
	want := report{ssrc: 5, lost: 25, lostTotal: 10, highest: 2<<16 | (65_599 - 65_536), lastSR: 0xabcd, sinceSR: 32768}
	if got.jitter > 10 {
		t.Errorf("jitter %d", got.jitter)
	}
	if got.jitter = 0; !ok || got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if _, ok := r.report(0.5, now); ok {
		t.Error("a second report on nothing new")
	}
	hear(65_600)
	if got, _ := r.report(0.25, now); got.lost != 64 || got.lostTotal != 10 {
		t.Errorf("with a quarter lost by the audience: %+v", got)
	}
	hear(65_601)
	hear(65_603)
	if got, _ := r.report(1, now); got.lost != 255 {
		t.Errorf("with all lost by the audience: %+v", got)
	}
}

func TestAudienceLoss(t *testing.T) {
	many := make([]float64, 100)
	many[3] = 1 // one broken line
	tests := []struct {
		losses []float64
		want   float64
	}{
		{nil, 0},
		{[]float64{0.2}, 0.2},
		{[]float64{0, 0.3, 0.1}, 0.3},
		{many, 0},
		{[]float64{0.5, 0.5, 0, 0, 0, 0, 0, 0, 0, 0}, 0.5},
	}
	for _, tt := range tests {
		if got := audienceLoss(tt.losses); math.Abs(got-tt.want) > 1e-9 {
			t.Errorf("%v: %v", tt.losses, got)
		}
	}
}

func compound(tb testing.TB) []byte {
	tb.Helper()
	raw, err := rtcp.Marshal([]rtcp.Packet{
		&rtcp.SenderReport{SSRC: 9, NTPTime: 0x1122334455667788, Reports: []rtcp.ReceptionReport{{SSRC: 1, FractionLost: 10}}},
		rtcp.NewCNAMESourceDescription(9, "x"),
		&rtcp.ReceiverReport{SSRC: 9, Reports: []rtcp.ReceptionReport{{SSRC: 2, FractionLost: 20}, {SSRC: 3, FractionLost: 30}}},
	})
	check(tb, err)
	return raw
}

func TestReadReports(t *testing.T) {
	raw := compound(t)
	got := map[uint32]uint8{}
	eachReport(raw, func(ssrc uint32, lost uint8) { got[ssrc] = lost })
	if len(got) != 3 || got[1] != 10 || got[2] != 20 || got[3] != 30 {
		t.Errorf("reports %v", got)
	}
	if ntp, ok := senderReport(raw, 9); !ok || ntp != 0x33445566 {
		t.Errorf("sender report %#x %v", ntp, ok)
	}
	if _, ok := senderReport(raw, 8); ok {
		t.Error("a sender report of somebody else")
	}
}

// FuzzRTCP: no panic, and what pion also understands means the same.
func FuzzRTCP(f *testing.F) {
	f.Add(compound(f))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var got []uint32
		eachReport(raw, func(ssrc uint32, _ uint8) { got = append(got, ssrc) })
		senderReport(raw, 9)
		packets, err := rtcp.Unmarshal(raw)
		if err != nil {
			return
		}
		var want []uint32
		for _, p := range packets {
			var reports []rtcp.ReceptionReport
			switch p := p.(type) {
			case *rtcp.SenderReport:
				reports = p.Reports
			case *rtcp.ReceiverReport:
				reports = p.Reports
			}
			for _, r := range reports {
				want = append(want, r.SSRC)
			}
		}
		if len(got) != len(want) {
			t.Fatalf("%d reports, pion says %d", len(got), len(want))
		}
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("report on %d, pion says %d", got[i], want[i])
			}
		}
	})
}
