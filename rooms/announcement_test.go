package rooms_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
)

// plain is an announcement without what only it can compare.
type plain struct {
	ID                                 statement.ID
	CreateText, Name, Title, Raw       string
	Creator, Host, Community           identity.PublicKey
	Epoch, Number                      int64
	State                              statement.RoomState
	Speakers                           []rooms.SpeakerHint
	Addrs                              []string
	Stage, Listening, Issued, Expires  int64
	TenureHost                         identity.PublicKey
	TenureEpoch, Handovers, RulesOrder int64
	Language                           string
}

func plainly(a rooms.Announcement) plain {
	return plain{
		ID: a.ID, CreateText: a.CreateText, Name: a.Name, Title: a.Title, Raw: string(a.Raw), Creator: a.Creator,
		Host: a.Host, Community: a.Community, Epoch: a.Epoch, Number: a.Number, State: a.State, Speakers: a.Speakers,
		Addrs: a.Addrs, Stage: a.Stage, Listening: a.Listening, Issued: a.Issued, Expires: a.Expires,
		TenureHost: a.Tenure.Host, TenureEpoch: a.Tenure.Epoch, Handovers: int64(len(a.Tenure.Line)),
		RulesOrder: a.Rules.Order, Language: a.Create.Language,
	}
}

func TestAnnouncementTravels(t *testing.T) {
	v := newVenue(t, "")
	for _, n := range []int{0, 1, 3} {
		of := line(t, v, n)
		a := v.announce(t, of, now+7, 42, func(b *statement.Announce) { b.Listening = 9 })
		back := must[rooms.Announcement](t)(rooms.ParseAnnouncement(a.Raw))
		if d := cmp.Diff(plainly(a), plainly(back)); d != "" {
			t.Errorf("%d handovers: made -, read +:\n%s", n, d)
		}
		want := plain{
			ID: v.create.ID(), CreateText: v.create.Text(), Name: "A community", Title: "A room", Raw: string(a.Raw),
			Creator: key(creatorKey), Host: of.Host, Community: key(rootKey), Epoch: of.Epoch, Number: 42,
			State: statement.RoomLive, Speakers: hints("Ana"), Addrs: []string{"/ip4/192.0.2.1/udp/4001/quic-v1"},
			Stage: 1, Listening: 9, Issued: now + 7, Expires: now + 52, TenureHost: of.Host, TenureEpoch: of.Epoch,
			Handovers: int64(n), RulesOrder: 1, Language: "en",
		}
		if d := cmp.Diff(want, plainly(back)); d != "" {
			t.Errorf("%d handovers: want -, got +:\n%s", n, d)
		}
		if back.Tenure.Compare(of) != 0 {
			t.Error("another tenure")
		}
	}
}

// bundle is a bundle whose members can be exchanged.
type bundle map[string]jsontext.Value

func (b bundle) set(tb testing.TB, member string, v any) bundle {
	tb.Helper()
	b[member] = must[[]byte](tb)(json.Marshal(v))
	return b
}

func open(tb testing.TB, raw []byte) bundle {
	tb.Helper()
	b := bundle{}
	if err := json.Unmarshal(raw, &b); err != nil {
		tb.Fatal(err)
	}
	return b
}

func TestParseAnnouncementRefuses(t *testing.T) {
	v, other := newVenue(t, ""), newVenue(t, "other")
	first := rooms.First(v.create)
	valid := v.announce(t, first, now, 1).Raw
	handedOver := v.announce(t, line(t, v, 1), now, 1)
	const foreignRoot = 102
	announce := func(by byte, edit func(*statement.Announce)) string {
		body := &statement.Announce{
			Room: first.Room, IssuedAt: now, Expires: now + 45, Epoch: 1, Number: 1, State: statement.RoomLive,
		}
		edit(body)
		return sign(t, by, body).Text()
	}
	delegate := func(by byte, node identity.PublicKey, community byte) string {
		return sign(t, by, &statement.Delegate{Community: key(community), IssuedAt: now, Expires: now + 9, Node: node, Order: 1}).Text()
	}
	rules := func(by, community byte) string {
		body := *v.rules.Body().(*statement.Rules)
		body.Community = key(community)
		return sign(t, by, &body).Text()
	}
	text := func(text string) statement.Text { return statement.Text{Salt: statement.Salt{1}, Text: text} }
	longTitle := statement.Text{Text: strings.Repeat("x", 1001)}
	create := *v.create.Body().(*statement.Create)
	create.Title = longTitle.Commitment()
	long := sign(t, creatorKey, &create)
	same := func(*statement.Announce) {}
	for name, tt := range map[string]struct {
		edit func(b bundle)
		want string
	}{
		"as it should be":        {func(bundle) {}, "ok"},
		"an unknown member":      {func(b bundle) { b.set(t, "later", 1) }, "ok"},
		"no speakers":            {func(b bundle) { delete(b, "speakers") }, "ok"},
		"speakers null":          {func(b bundle) { b["speakers"] = jsontext.Value("null") }, "ok"},
		"five speakers":          {func(b bundle) { b.set(t, "speakers", hints("a", "b", "c", "d", "e")) }, "announce-invalid"},
		"a speaker without name": {func(b bundle) { b.set(t, "speakers", hints("")) }, "announce-invalid"},
		"a long speaker":         {func(b bundle) { b.set(t, "speakers", hints(strings.Repeat("x", 161))) }, "announce-invalid"},
		"a speaker without key":  {func(b bundle) { b["speakers"] = jsontext.Value(`[{"name":"Ana"}]`) }, "announce-invalid"},
		"speakers no list":       {func(b bundle) { b.set(t, "speakers", "Ana") }, "announce-invalid"},
		"nine addresses":         {func(b bundle) { b.set(t, "addrs", slices.Repeat([]string{"/ip4/192.0.2.1"}, 9)) }, "announce-invalid"},
		"a long address":         {func(b bundle) { b.set(t, "addrs", []string{strings.Repeat("/", 257)}) }, "announce-invalid"},
		"another title":          {func(b bundle) { b.set(t, "title", text("Another")) }, "announce-invalid"},
		"a title with another salt": {func(b bundle) {
			b.set(t, "title", statement.Text{Salt: statement.Salt{9}, Text: "A room"})
		}, "announce-invalid"},
		"another name": {func(b bundle) { b.set(t, "name", text("A community")) }, "announce-invalid"},
		"a title too long": {func(b bundle) {
			b.set(t, "title", longTitle).set(t, "create", long.Text())
			b.set(t, "announce", announce(nodeKeys, func(a *statement.Announce) { a.Room = long.ID() }))
		}, "announce-invalid"},
		"another room's create":      {func(b bundle) { b.set(t, "create", other.create.Text()) }, "announce-invalid"},
		"no create":                  {func(b bundle) { delete(b, "create") }, "statement-syntax"},
		"rules for the create":       {func(b bundle) { b["create"] = b["rules"] }, "statement-kind"},
		"a delegate by a stranger":   {func(b bundle) { b.set(t, "delegate", delegate(foreignRoot, node(0), rootKey)) }, "announce-invalid"},
		"another root's delegate":    {func(b bundle) { b.set(t, "delegate", delegate(foreignRoot, node(0), foreignRoot)) }, "announce-invalid"},
		"another node's delegate":    {func(b bundle) { b.set(t, "delegate", delegate(rootKey, node(1), rootKey)) }, "announce-host"},
		"rules by a stranger":        {func(b bundle) { b.set(t, "rules", rules(foreignRoot, rootKey)) }, "announce-invalid"},
		"another root's rules":       {func(b bundle) { b.set(t, "rules", rules(foreignRoot, foreignRoot)) }, "announce-invalid"},
		"announced by another node":  {func(b bundle) { b.set(t, "announce", announce(nodeKeys+1, same)) }, "announce-host"},
		"announced by the creator":   {func(b bundle) { b.set(t, "announce", announce(creatorKey, same)) }, "announce-host"},
		"announced in a later epoch": {func(b bundle) { b.set(t, "announce", announce(nodeKeys, func(a *statement.Announce) { a.Epoch = 2 })) }, "announce-host"},
		"the host before":            {func(b bundle) { b["handovers"] = open(t, handedOver.Raw)["handovers"] }, "announce-host"},
		"without the handovers":      {func(b bundle) { b["announce"] = open(t, handedOver.Raw)["announce"] }, "announce-host"},
		"the delegate long over": {func(b bundle) {
			b.set(t, "announce", announce(nodeKeys, func(a *statement.Announce) { a.IssuedAt, a.Expires = now+1121, now+1130 }))
		}, "announce-host"},
		"the delegate just over": {func(b bundle) {
			b.set(t, "announce", announce(nodeKeys, func(a *statement.Announce) { a.IssuedAt, a.Expires = now+1120, now+1130 }))
		}, "ok"},
		"a forged signature": {func(b bundle) {
			var announce string
			_ = json.Unmarshal(b["announce"], &announce)
			later := v.announce(t, first, now+9, 2)
			var signed string
			_ = json.Unmarshal(open(t, later.Raw)["announce"], &signed)
			b.set(t, "announce", signed[:strings.LastIndex(signed, ".")]+announce[strings.LastIndex(announce, "."):])
		}, "statement-signature"},
		"handovers no list": {func(b bundle) { b.set(t, "handovers", 1) }, "claim-invalid"},
		"a handover that proves nothing": {func(b bundle) {
			b["handovers"] = jsontext.Value(fmt.Sprintf("[%[1]s,%[1]s]", open(t, handedOver.Raw)["handovers"][1:len(open(t, handedOver.Raw)["handovers"])-1]))
		}, "claim-invalid"},
		"a number for a statement": {func(b bundle) { b.set(t, "announce", 1) }, "announce-invalid"},
	} {
		b := open(t, valid)
		tt.edit(b)
		raw := must[[]byte](t)(json.Marshal(b))
		a, err := rooms.ParseAnnouncement(raw)
		if got := refusal(err); got != tt.want {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
		if err != nil && (!a.ID.IsZero() || a.Raw != nil) {
			t.Errorf("%s: refused, but with %+v", name, a)
		}
	}
}

func TestParseAnnouncementReadsStrictly(t *testing.T) {
	v := newVenue(t, "")
	valid := string(v.announce(t, rooms.First(v.create), now, 1).Raw)
	for name, text := range map[string]string{
		"nothing":         "",
		"null":            "null",
		"a list":          "[]",
		"cut":             valid[:len(valid)-1],
		"more behind":     valid + "{}",
		"twice one":       strings.Replace(valid, `{"announce":`, `{"speakers":[],"announce":`, 1),
		"twice inside":    strings.Replace(valid, `"title":{`, `"title":{"text":"",`, 1),
		"invalid UTF-8":   strings.Replace(valid, "Ana", "An\xff", 1),
		"a lone half":     strings.Replace(valid, "Ana", `\ud800`, 1),
		"over the size":   valid + strings.Repeat(" ", rooms.MaxBundle),
		"a mebibyte":      strings.Repeat("[", 1<<20),
		"other case":      strings.Replace(valid, `"create"`, `"Create"`, 1),
		"a salt too long": strings.Replace(valid, `"salt":"`, `"salt":"AA`, 1),
	} {
		_, err := rooms.ParseAnnouncement([]byte(text))
		if got := refusal(err); got != "announce-invalid" && (name != "null" && name != "other case" || got != "statement-syntax") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := rooms.ParseAnnouncement([]byte(valid + strings.Repeat(" ", rooms.MaxBundle-len(valid)))); err != nil {
		t.Errorf("at the size: %v", err)
	}
}

func TestNewAnnouncementRefuses(t *testing.T) {
	v, other := newVenue(t, ""), newVenue(t, "other")
	first := rooms.First(v.create)
	say := func(of rooms.Tenure) statement.Statement {
		return sign(t, nodeKeys, &statement.Announce{
			Room: of.Room, IssuedAt: now, Expires: now + 45, Epoch: 1, Number: 1, State: statement.RoomLive,
		})
	}
	for name, tt := range map[string]struct {
		edit func(b *rooms.Bundle)
		want string
	}{
		"as it should be":        {func(*rooms.Bundle) {}, "ok"},
		"nothing":                {func(b *rooms.Bundle) { *b = rooms.Bundle{} }, "announce-invalid"},
		"another room's":         {func(b *rooms.Bundle) { b.Announce = say(rooms.First(other.create)) }, "announce-invalid"},
		"another room's tenure":  {func(b *rooms.Bundle) { b.Tenure = rooms.First(other.create) }, "announce-host"},
		"not the host's":         {func(b *rooms.Bundle) { b.Tenure = line(t, v, 1) }, "announce-host"},
		"another title":          {func(b *rooms.Bundle) { b.Title.Text = "Another" }, "announce-invalid"},
		"nine addresses":         {func(b *rooms.Bundle) { b.Addrs = slices.Repeat([]string{"/ip4/192.0.2.1"}, 9) }, "announce-invalid"},
		"an announce that isn't": {func(b *rooms.Bundle) { b.Announce = v.rules }, "statement-kind"},
		"names that do not fit": {func(b *rooms.Bundle) {
			b.Speakers = hints(strings.Repeat("é", 81), "\xff", strings.Repeat("é", 80), "", "b", "c", "d", "e")
		}, "ok"},
	} {
		b := v.bundle(first, say(first))
		tt.edit(&b)
		a, err := rooms.NewAnnouncement(b)
		if got := refusal(err); got != tt.want {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
		if err != nil {
			continue
		}
		back, err := rooms.ParseAnnouncement(a.Raw)
		if err != nil {
			t.Errorf("%s: made but not read: %v", name, err)
		}
		if name == "names that do not fit" {
			same(t, hints(strings.Repeat("é", 80), "b", "c", "d"), back.Speakers)
		}
	}
}

func TestCheckTime(t *testing.T) {
	v := newVenue(t, "")
	a := v.announce(t, rooms.First(v.create), now, 1)
	for at, want := range map[int64]string{
		now - 121: "announce-early", now - 120: "ok", now: "ok", now + 45: "ok", now + 165: "ok", now + 166: "announce-stale",
	} {
		if got := refusal(a.CheckTime(at)); got != want {
			t.Errorf("%d s after it was issued: %s, want %s", at-now, got, want)
		}
	}
}

// TestKnownPartsAreNotVerifiedAgain holds that of a repeated announcement only the announce statement is verified, and
// that any change in the rest has all of it verified.
func TestKnownPartsAreNotVerifiedAgain(t *testing.T) {
	v := newVenue(t, "")
	of := line(t, v, 2)
	known := v.announce(t, of, now, 1)
	next := v.announce(t, of, now+15, 2)
	asked := 0
	lookup := func(id statement.ID) (rooms.Announcement, bool) {
		asked++
		return known, id == known.ID
	}
	again := must[rooms.Announcement](t)(rooms.ParseKnown(next.Raw, lookup))
	if d := cmp.Diff(plainly(next), plainly(again)); d != "" || asked != 1 {
		t.Errorf("asked %d times; made -, read +:\n%s", asked, d)
	}
	if again.Create != known.Create || again.Rules != known.Rules {
		t.Error("what was known has been read again")
	}
	// Verifying allocates: 18 signatures against one, and as much JSON for both.
	whole := testing.AllocsPerRun(10, func() { _, _ = rooms.ParseAnnouncement(next.Raw) })
	repeated := testing.AllocsPerRun(10, func() { _, _ = rooms.ParseKnown(next.Raw, lookup) })
	if repeated*4 > whole {
		t.Errorf("a repeated announcement takes %v allocations, a whole one %v", repeated, whole)
	}
	for member := range open(t, next.Raw) {
		if member == "speakers" || member == "addrs" {
			continue
		}
		b := open(t, next.Raw)
		b[member] = bytes.Replace(b[member], []byte("A"), []byte("B"), 1)
		raw := must[[]byte](t)(json.Marshal(b))
		_, want := rooms.ParseAnnouncement(raw)
		_, got := rooms.ParseKnown(raw, lookup)
		if want == nil || refusal(got) != refusal(want) {
			t.Errorf("%s changed: %v where nothing is known, %v where the announcement before is", member, want, got)
		}
	}
	if _, err := rooms.ParseKnown(v.announce(t, rooms.First(v.create), now+15, 2).Raw, lookup); err != nil {
		t.Errorf("of another tenure than is known: %v", err)
	}
}

// TestLargestLineFits tells how many handovers with every signature go into a bundle.
func TestLargestLineFits(t *testing.T) {
	v := newVenue(t, "")
	of := rooms.First(v.create)
	for range rooms.MaxHandovers {
		host := nodeOf(of.Host)
		nodes := []int{(host + 1) % 6, (host + 2) % 6, (host + 3) % 6, (host + 4) % 6, (host + 5) % 6}
		of = claim(t, of, list(t, of, 1, nodes...), now, nodes[4], nodes[:4]...)
	}
	a := v.announce(t, of, now, 1, func(b *statement.Announce) { b.Number = statement.MaxInt })
	t.Logf("%d handovers: %d bytes", rooms.MaxHandovers, len(a.Raw))
	if len(a.Raw) > rooms.MaxBundle-4096 {
		t.Errorf("%d handovers take %d bytes, which leaves too little for titles and names", rooms.MaxHandovers, len(a.Raw))
	}
}

func BenchmarkParseAnnouncement(b *testing.B) {
	v := newVenue(b, "")
	for _, n := range []int{0, 2, rooms.MaxHandovers} {
		a := v.announce(b, line(b, v, n), now, 1)
		known := func(statement.ID) (rooms.Announcement, bool) { return a, true }
		b.Run(fmt.Sprintf("whole/%d", n), func(b *testing.B) {
			for b.Loop() {
				_, _ = rooms.ParseAnnouncement(a.Raw)
			}
		})
		b.Run(fmt.Sprintf("known/%d", n), func(b *testing.B) {
			for b.Loop() {
				_, _ = rooms.ParseKnown(a.Raw, known)
			}
		})
	}
}

func TestProofAnnouncesAgain(t *testing.T) {
	v := newVenue(t, "")
	heard := v.announce(t, rooms.First(v.create), now, 1)
	next := line(t, v, 1)
	b := must[rooms.Bundle](t)(heard.Proof())
	b.Tenure = next
	b.Announce = sign(t, signer(next.Host), &statement.Announce{
		Room: next.Room, IssuedAt: now, Expires: now + 45, Epoch: next.Epoch, Number: 1, State: statement.RoomLive,
	})
	a := must[rooms.Announcement](t)(rooms.NewAnnouncement(b))
	if back, err := rooms.ParseAnnouncement(a.Raw); err != nil || back.Host != next.Host || back.Title != heard.Title {
		t.Errorf("the new host announces %+v, %v", plainly(back), err)
	}
	if _, err := (rooms.Announcement{}).Proof(); refusal(err) != "announce-invalid" {
		t.Errorf("the proof of nothing: %v", err)
	}
	for n, want := range map[int]bool{0: true, 1: true, 2: false} {
		if next.Hosted(node(n)) != want {
			t.Errorf("node %d has hosted: %v", n, !want)
		}
	}
}
