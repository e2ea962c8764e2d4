package rooms_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
)

func TestFirst(t *testing.T) {
	v := newVenue(t, "")
	first := rooms.First(v.create)
	if first.Room != v.create.ID() || first.Epoch != 1 || first.Host != node(0) {
		t.Errorf("the first tenure: %+v", first)
	}
	if none := rooms.First(v.rules); none.Epoch != 0 || !none.Host.IsZero() {
		t.Errorf("a tenure of rules: %+v", none)
	}
	if _, ok := first.Before(); ok {
		t.Error("there is a tenure before the first")
	}
}

// parts is a handover before it is signed: of node 0's list of nodes 1 to 3, claimed by 2 with the word of 1 and 2.
type parts struct {
	list       statement.Succession
	listSigner byte
	claim      statement.Claim
	claimant   byte
	lost       []statement.Lost
	losers     []byte
	lie        func(*rooms.Handover) // changes the handover after the signing
}

func newParts(first rooms.Tenure) parts {
	said := statement.Lost{Room: first.Room, IssuedAt: now, Epoch: 1, Host: node(0)}
	return parts{
		list: statement.Succession{
			Room: first.Room, IssuedAt: now, Epoch: 1, Number: 7,
			Nodes: []identity.PublicKey{node(1), node(2), node(3)},
		},
		listSigner: nodeKeys,
		claim:      statement.Claim{Room: first.Room, IssuedAt: now, Epoch: 3},
		claimant:   nodeKeys + 2,
		lost:       []statement.Lost{said, said},
		losers:     []byte{nodeKeys + 1, nodeKeys + 2},
		lie:        func(*rooms.Handover) {},
	}
}

func (p parts) sign(t *testing.T) rooms.Handover {
	t.Helper()
	h := rooms.Handover{List: sign(t, p.listSigner, &p.list)}
	if p.claim.List.IsZero() {
		p.claim.List = h.List.ID()
	}
	for i := range p.lost {
		h.Lost = append(h.Lost, sign(t, p.losers[i], &p.lost[i]))
		p.claim.Lost = append(p.claim.Lost, h.Lost[i].ID())
	}
	h.Claim = sign(t, p.claimant, &p.claim)
	p.lie(&h)
	return h
}

func TestAdvance(t *testing.T) {
	v, other := newVenue(t, ""), newVenue(t, "other")
	first := rooms.First(v.create)
	const invalid, epoch, listed = "claim-invalid", "claim-epoch", "claim-not-listed"
	for _, tt := range []struct {
		name string
		edit func(*parts)
		want string
	}{
		{"as it should be", func(*parts) {}, "ok"},
		{"the next epoch", func(p *parts) { p.claim.Epoch = 2 }, "ok"},
		{"five epochs on", func(p *parts) { p.claim.Epoch = 6 }, "ok"},
		{"six epochs on", func(p *parts) { p.claim.Epoch = 7 }, epoch},
		{"a far epoch", func(p *parts) { p.claim.Epoch = 1_000_000 }, epoch},
		{"alone", func(p *parts) { p.lost, p.losers = p.lost[1:], p.losers[1:] }, "ok"},
		{"a list of another room", func(p *parts) { p.list.Room = other.create.ID() }, invalid},
		{"a list of another epoch", func(p *parts) { p.list.Epoch = 2 }, invalid},
		{"a list of another node", func(p *parts) { p.listSigner = nodeKeys + 1 }, invalid},
		{"a list with the host", func(p *parts) { p.list.Nodes[2] = node(0) }, invalid},
		{"a claim of another room", func(p *parts) { p.claim.Room = other.create.ID() }, invalid},
		{"a claim by another list", func(p *parts) { p.claim.List = statement.ID{1} }, invalid},
		{"a claimant out of line", func(p *parts) { p.claimant = nodeKeys + 9 }, listed},
		{"the host itself", func(p *parts) { p.claimant = nodeKeys }, listed},
		{"lost in another room", func(p *parts) { p.lost[0].Room = other.create.ID() }, invalid},
		{"lost in another epoch", func(p *parts) { p.lost[0].Epoch = 2 }, invalid},
		{"another host lost", func(p *parts) { p.lost[0].Host = node(3) }, invalid},
		{"lost by a node out of line", func(p *parts) { p.losers[0] = nodeKeys + 9 }, invalid},
		{"lost by the host", func(p *parts) { p.losers[0] = nodeKeys }, invalid},
		{"not lost by the claimant", func(p *parts) { p.losers[1] = nodeKeys + 3 }, invalid},
		{"lost twice by one node", func(p *parts) { p.lost[0].IssuedAt++; p.losers[0] = nodeKeys + 2 }, invalid},
		{"a lost left out", func(p *parts) { p.lie = func(h *rooms.Handover) { h.Lost = h.Lost[1:] } }, invalid},
		{"a lost added", func(p *parts) {
			p.lie = func(h *rooms.Handover) { h.Lost = append(h.Lost, lost(t, first, 3)) }
		}, invalid},
		{"a lost in place of another", func(p *parts) {
			p.lie = func(h *rooms.Handover) { h.Lost[0] = lost(t, first, 3) }
		}, invalid},
		{"losts in another order", func(p *parts) { p.lie = func(h *rooms.Handover) { slices.Reverse(h.Lost) } }, invalid},
		{"no list", func(p *parts) { p.lie = func(h *rooms.Handover) { h.List = statement.Statement{} } }, invalid},
		{"no claim", func(p *parts) { p.lie = func(h *rooms.Handover) { h.Claim = h.List } }, invalid},
		{"no lost", func(p *parts) { p.lie = func(h *rooms.Handover) { h.Lost[0] = h.List } }, invalid},
		{"nothing", func(p *parts) { p.lie = func(h *rooms.Handover) { *h = rooms.Handover{} } }, invalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newParts(first)
			tt.edit(&p)
			h := p.sign(t)
			next, err := first.Advance(h)
			if got := refusal(err); got != tt.want {
				t.Fatalf("%s, want %s", got, tt.want)
			}
			if err != nil {
				return
			}
			if next.Room != first.Room || next.Host != node(2) || next.Epoch != p.claim.Epoch || len(next.Line) != 1 {
				t.Errorf("leads to %+v", next)
			}
			if _, err := next.Advance(h); refusal(err) != invalid {
				t.Errorf("the same handover again: %v", err)
			}
			if before, ok := next.Before(); !ok || before.Epoch != 1 || before.Host != node(0) || before.Compare(first) != 0 {
				t.Errorf("before it: %+v", before)
			}
		})
	}
}

func TestEpochsRise(t *testing.T) {
	first := rooms.First(newVenue(t, "").create)
	second := claim(t, first, list(t, first, 1, 1, 2, 3), now, 3) // in epoch 4
	l, said := list(t, second, 1, 1), lost(t, second, 1)
	for epoch, want := range map[int64]string{
		2: "claim-epoch", 3: "claim-epoch", 4: "claim-epoch", 5: "ok", 9: "ok", 10: "claim-epoch",
	} {
		next, err := second.Advance(rooms.Handover{List: l, Lost: []statement.Statement{said}, Claim: sign(t, nodeKeys+1,
			&statement.Claim{Room: first.Room, IssuedAt: now, Epoch: epoch, List: l.ID(), Lost: []statement.ID{said.ID()}})})
		if refusal(err) != want || err == nil && (next.Epoch != epoch || next.Line[0].Claim.ID() != second.Line[0].Claim.ID()) {
			t.Errorf("epoch %d after 4: %+v, %v; want %s", epoch, next, err, want)
		}
	}
}

// line is a tenure after n handovers, with a full list and every signature each.
func line(tb testing.TB, v venue, n int) rooms.Tenure {
	tb.Helper()
	at := rooms.First(v.create)
	for i := range n {
		// Node i hosts, the next five are in line.
		nodes := []int{(i + 1) % 6, (i + 2) % 6, (i + 3) % 6, (i + 4) % 6, (i + 5) % 6}
		at = claim(tb, at, list(tb, at, 1, nodes...), now+int64(i), nodes[0], nodes[1:]...)
	}
	return at
}

func TestTenureIsStored(t *testing.T) {
	v := newVenue(t, "")
	for _, n := range []int{0, 1, rooms.MaxHandovers} {
		whole := line(t, v, n)
		data := must[[]byte](t)(whole.Encode())
		back := must[rooms.Tenure](t)(rooms.ParseTenure(v.create, data))
		if back.Host != whole.Host || back.Epoch != whole.Epoch || back.Compare(whole) != 0 || len(back.Line) != n {
			t.Errorf("%d handovers come back as %+v", n, back)
		}
	}
	if back, err := rooms.ParseTenure(v.create, nil); err != nil || back.Host != node(0) {
		t.Errorf("no bytes: %+v, %v", back, err)
	}
	full := line(t, v, rooms.MaxHandovers)
	p := list(t, full, 1, nodeOf(full.Host)+1)
	if _, err := full.Claim(p, []statement.Statement{lost(t, full, nodeOf(full.Host)+1)}, now,
		private(byte(nodeKeys+nodeOf(full.Host)+1))); refusal(err) != "claim-invalid" {
		t.Errorf("a handover too many: %v", err)
	}
	if highest := int64(1 + rooms.MaxHandovers*statement.MaxEpochs); highest*rooms.EpochNumbers >= 1<<32 {
		t.Errorf("the person numbers of epoch %d do not fit", highest)
	}
}

func TestParseTenureRefuses(t *testing.T) {
	v, other := newVenue(t, ""), newVenue(t, "other")
	data := string(must[[]byte](t)(line(t, v, 2).Encode()))
	for name, tt := range map[string]struct{ text, want string }{
		"not a list":         {"{}", "claim-invalid"},
		"cut":                {data[:len(data)-1], "claim-invalid"},
		"more behind":        {data + "1", "claim-invalid"},
		"a repeated member":  {strings.Replace(data, `"list":`, `"claim":"","list":`, 1), "claim-invalid"},
		"out of order":       {"[" + data[strings.Index(data, "},{")+2:], "claim-invalid"},
		"too many":           {"[" + strings.Repeat("{},", rooms.MaxHandovers) + "{}]", "claim-invalid"},
		"six lost":           {strings.Replace(data, `"lost":[`, `"lost":["","","","","","",`, 1), "claim-invalid"},
		"a bad signature":    {strings.Replace(data, `","lost"`, `A","lost"`, 1), "statement-signature"},
		"another kind":       {`[{"list":"` + v.create.Text() + `"}]`, "statement-kind"},
		"more than it holds": {"[" + strings.Repeat(" ", 1<<20) + "]", "claim-invalid"},
	} {
		if _, err := rooms.ParseTenure(v.create, []byte(tt.text)); refusal(err) != tt.want {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
	if _, err := rooms.ParseTenure(other.create, []byte(data)); refusal(err) != "claim-invalid" {
		t.Errorf("of another room: %v", err)
	}
	if _, err := rooms.ParseTenure(v.create, []byte(strings.Replace(data, `{"list"`, `{"later":[1],"list"`, 1))); err != nil {
		t.Errorf("an unknown member: %v", err)
	}
}

func TestHandoverTravels(t *testing.T) {
	whole := line(t, newVenue(t, ""), 1)
	data := must[[]byte](t)(whole.Line[0].Encode())
	h := must[rooms.Handover](t)(rooms.ParseHandover(data))
	before, _ := whole.Before()
	if again, err := before.Advance(h); err != nil || again.Compare(whole) != 0 {
		t.Errorf("%+v, %v", again, err)
	}
	for _, text := range []string{"", "null", "[]", `{"list":1}`, string(data) + "{}", `{"lost":{}}`, strings.Repeat(" ", 1<<20)} {
		if _, err := rooms.ParseHandover([]byte(text)); err == nil {
			t.Errorf("%.20q is read as a handover", text)
		}
	}
}

func TestClaimWithMoreSignatures(t *testing.T) {
	first := rooms.First(newVenue(t, "").create)
	l := list(t, first, 1, 1, 2, 3)
	weak := claim(t, first, l, now, 1)
	before, _ := weak.Before()
	strong := claim(t, before, l, now+1, 1, 3, 2)
	if strong.Epoch != weak.Epoch || strong.Host != weak.Host || strong.Compare(weak) <= 0 {
		t.Errorf("the claim with three signatures does not count before the one with one")
	}
	if weak.Compare(first) > 0 || strong.Compare(first) < 0 {
		t.Error("one signature of three prevails, or three do not")
	}
	renewed, ok := weak.Renew([]statement.Statement{
		lost(t, first, 2), lost(t, weak, 3), lost(t, first, 4), lost(t, first, 1), lost(t, first, 3), lost(t, first, 3), l,
	}, now+2, private(nodeKeys+1))
	if !ok || len(renewed.Line[0].Lost) != 3 || renewed.Epoch != weak.Epoch || renewed.Compare(weak) <= 0 {
		t.Errorf("renewed: %v, %+v", ok, renewed)
	}
	for name, tt := range map[string]struct {
		of   rooms.Tenure
		lost []statement.Statement
		by   byte
	}{
		"nothing new":    {weak, []statement.Statement{lost(t, first, 1), lost(t, first, 9)}, 1},
		"another signer": {weak, []statement.Statement{lost(t, first, 2)}, 2},
		"the first host": {first, []statement.Statement{lost(t, first, 2)}, 0},
	} {
		if again, ok := tt.of.Renew(tt.lost, now+2, private(nodeKeys+tt.by)); ok || again.Compare(tt.of) != 0 {
			t.Errorf("renewed by %s", name)
		}
	}
	if _, err := first.Claim(l, nil, now, private(nodeKeys+9)); refusal(err) != "claim-not-listed" {
		t.Errorf("a claim out of line: %v", err)
	}
	if _, err := first.Claim(l, nil, now, private(nodeKeys+1)); err == nil {
		t.Error("a claim without any lost")
	}
}
