package node_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/node"
	"github.com/stoa-rooms/stoa/node/nodetest"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// entry is how a founder changes the way in.
func entry(t *testing.T, founder *client.Client, way statement.Entry) {
	t.Helper()
	if _, err := founder.ChangeRules(t.Context(), "", func(r *statement.Rules) { r.Entry = way }); err != nil {
		t.Fatal(err)
	}
}

func asks(t *testing.T, who *client.Client, name, message string) api.Ask {
	t.Helper()
	a, err := who.Ask(t.Context(), name, message)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func standsAt(t *testing.T, who *client.Client, a api.Ask, want api.AskState) {
	t.Helper()
	now, err := who.Asked(t.Context(), a.ID)
	if err != nil || now.State != want {
		t.Fatalf("the request is %q, want %q (%v)", now.State, want, err)
	}
	if joined := want == api.AskJoined; joined != (now.Expires == 0) || !joined && now.Expires != a.Expires {
		t.Errorf("the request is %q and expires %d; it was said to %d", now.State, now.Expires, a.Expires)
	}
}

func TestAskingToJoin(t *testing.T) {
	ctx := t.Context()
	p := startProcess(t, filepath.Join(t.TempDir(), "data"), "127.0.0.1:0")
	founderKey, eveKey := identity.Generate(), identity.Generate()
	founder, eve, mallory := p.clientOf(founderKey), p.clientOf(eveKey), p.client()
	if _, err := founder.Found(ctx, p.lines["owner"], "Café", "Ana"); err != nil {
		t.Fatal(err)
	}
	if _, err := eve.Ask(ctx, "Ève", ""); !client.Refused(err, reason.EntryClosed) {
		t.Errorf("asking where there are only invites: %v", err)
	}
	entry(t, founder, statement.EntryAsk)
	const word = "We met at the lighthouse"
	a := asks(t, eve, "Ève", word)
	if a.State != api.AskWaiting || a.Expires <= a.At {
		t.Errorf("%+v", a)
	}
	b := asks(t, mallory, "Mallory", "")
	standsAt(t, mallory, a, api.AskWaiting)
	list, err := founder.Asks(ctx)
	if err != nil || len(list) != 2 || list[0].Member.Name != "Ève" || list[0].Message != word || list[0].ID != a.ID {
		t.Fatalf("%+v, %v", list, err)
	}
	if me, err := founder.Me(ctx); err != nil || !me.Steward || me.Waiting != 2 {
		t.Errorf("the founder is told of %d who wait (%v)", me.Waiting, err)
	}

	// What waits survives a power cut.
	p.kill(t)
	p = startProcess(t, p.data, p.addr)
	founder, eve = p.clientOf(founderKey), p.clientOf(eveKey)
	standsAt(t, eve, a, api.AskWaiting)

	if err := founder.Decline(ctx, b.ID); err != nil {
		t.Fatal(err)
	}
	standsAt(t, eve, b, api.AskDeclined)
	if _, err := founder.Approve(ctx, b.ID, mallory.Key()); !client.Refused(err, reason.AskUnknown) {
		t.Errorf("approved after it was declined: %v", err)
	}
	if got, err := founder.Approve(ctx, a.ID, eve.Key()); err != nil || got.Name != "Ève" {
		t.Fatalf("%+v, %v", got, err)
	}
	standsAt(t, eve, a, api.AskJoined)
	me, err := eve.Me(ctx)
	if err != nil || len(me.Chain) != 2 || me.Chain[1].Key != founder.Key() || me.Left != 2 || me.Steward {
		t.Errorf("%+v, %v", me, err)
	}
	if all, err := eve.Invites(ctx); err != nil || all.Standing.Way != statement.EntryAsk || all.Standing.Probation == 0 {
		t.Errorf("%+v, %v", all.Standing, err)
	}
	if _, err := founder.Approve(ctx, a.ID, eve.Key()); !client.Refused(err, reason.AskUnknown) {
		t.Errorf("approved twice: %v", err)
	}
	if _, err := eve.Asks(ctx); !client.Refused(err, reason.StatementAuthority) {
		t.Errorf("a member reads the requests: %v", err)
	}
	if again, err := eve.Ask(ctx, "Ève", ""); !client.Refused(err, reason.MemberAlready) && again.State != api.AskJoined {
		t.Errorf("a member asks: %+v, %v", again, err) // within the same second it is the same statement
	}
}

func TestTheWordOfWhoAsksIsForgotten(t *testing.T) {
	ctx := t.Context()
	n := nodetest.New(t)
	founder := n.Found(ctx)
	entry(t, founder, statement.EntryAsk)
	const word = "We met at the lighthouse"
	eve := n.Client()
	a := asks(t, eve, "Ève", word)
	if _, err := founder.Approve(ctx, a.ID, eve.Key()); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := node.Export(ctx, n.Data(), eve.Key().String(), &out); err != nil {
		t.Fatal(err)
	}
	report, err := invites.VerifyExport(out.Bytes())
	if err != nil || len(report.Lineage) != 2 || report.Lineage[1] != founder.Key() {
		t.Errorf("%v, %v", report.Lineage, err)
	}
	if strings.Contains(out.String(), "lighthouse") {
		t.Error("the word is in the export")
	}
	out.Reset()
	if err := node.Tree(ctx, n.Data(), &out); err != nil || !strings.Contains(out.String(), "asked") {
		t.Errorf("the tree does not say how Ève came in: %v\n%s", err, out.String())
	}
}

func TestApproveRefused(t *testing.T) {
	ctx := t.Context()
	n := nodetest.New(t)
	founder := n.Found(ctx)
	leo := n.Join(ctx, founder, "Léo")
	entry(t, founder, statement.EntryAsk)
	eve, fay := n.Client(), n.Client()
	a, b := asks(t, eve, "Ève", ""), asks(t, fay, "Fay", "")
	for name, c := range map[string]struct {
		by   *client.Client
		id   statement.ID
		who  identity.PublicKey
		want reason.Reason
	}{
		"by a member":            {leo, a.ID, eve.Key(), reason.StatementAuthority},
		"of somebody else":       {founder, a.ID, fay.Key(), reason.StatementAuthority},
		"of nothing that waits":  {founder, statement.ID{1}, eve.Key(), reason.AskUnknown},
		"by who asks themselves": {eve, a.ID, eve.Key(), reason.MemberUnknown},
	} {
		if _, err := c.by.Approve(ctx, c.id, c.who); !client.Refused(err, c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	if err := leo.Decline(ctx, b.ID); !client.Refused(err, reason.StatementAuthority) {
		t.Errorf("declined by a member: %v", err)
	}
	if _, err := n.Client().Ask(ctx, "Long", strings.Repeat("x", 301)); !client.Refused(err, reason.TextInvalid) {
		t.Errorf("a message too long: %v", err)
	}
	if _, err := leo.Ask(ctx, "Léo", ""); !client.Refused(err, reason.MemberAlready) {
		t.Errorf("a member asks: %v", err)
	}
	standsAt(t, eve, a, api.AskWaiting)
}

func TestTheWayInChanges(t *testing.T) {
	ctx := t.Context()
	n := nodetest.New(t)
	founder := n.Found(ctx)
	entry(t, founder, statement.EntryAsk)
	eve := n.Client()
	a := asks(t, eve, "Ève", "")

	entry(t, founder, statement.EntryInvite)
	standsAt(t, eve, a, api.AskClosed)
	if _, err := founder.Approve(ctx, a.ID, eve.Key()); !client.Refused(err, reason.EntryClosed) {
		t.Errorf("approved where there are only invites: %v", err)
	}
	entry(t, founder, statement.EntryOpen) // whoever waits is let in
	standsAt(t, eve, a, api.AskJoined)
	fay := n.Client()
	if b := asks(t, fay, "Fay", ""); b.State != api.AskJoined {
		t.Errorf("%+v", b)
	}
	for _, who := range []*client.Client{eve, fay} {
		me, err := who.Me(ctx)
		if err != nil || me.Left != 0 || len(me.Chain) != 2 {
			t.Errorf("through the open door: %+v, %v", me, err)
		}
		if all, err := who.Invites(ctx); err != nil || all.Standing.Way != statement.EntryOpen || all.Earning == nil {
			t.Errorf("%+v, %v", all, err)
		}
	}
	entry(t, founder, statement.EntryInvite)
	if _, err := eve.Me(ctx); err != nil {
		t.Errorf("a member is none any more: %v", err)
	}
	if _, err := n.Client().Ask(ctx, "Gil", ""); !client.Refused(err, reason.EntryClosed) {
		t.Errorf("after the door was closed: %v", err)
	}
}

func TestChangingTheRules(t *testing.T) {
	ctx := t.Context()
	court := newCourt(t)
	info, err := court.founder.ChangeRules(ctx, "Stoa", func(r *statement.Rules) { r.AdmitSlots = 5 })
	if err != nil || info.Name != "Stoa" || info.Rules.AdmitSlots != 5 || info.Rules.Order != 2 {
		t.Fatalf("%+v, %v", info, err)
	}
	title := statement.NewText("Porch")
	rules := info.Rules
	rules.Name = title.Commitment()
	before := court.log(t)
	for name, c := range map[string]struct {
		key  identity.PrivateKey
		edit func(r *statement.Rules)
		want reason.Reason
	}{
		"from another tab, which knew the rules before": {court.key, func(*statement.Rules) {}, reason.RulesStale},
		"of a lower order":            {court.key, func(r *statement.Rules) { r.Order = 1 }, reason.RulesStale},
		"for another community":       {court.key, func(r *statement.Rules) { r.Order, r.Community = 3, identity.Generate().Public() }, reason.StatementAudience},
		"by another key":              {identity.Generate(), func(r *statement.Rules) { r.Order = 3 }, reason.StatementAuthority},
		"with another name than said": {court.key, func(r *statement.Rules) { r.Order, r.Name = 3, statement.Commitment{1} }, reason.TextMismatch},
		"dated ahead":                 {court.key, func(r *statement.Rules) { r.Order, r.IssuedAt = 3, time.Now().Unix()+600 }, reason.StatementTime},
	} {
		r := rules
		c.edit(&r)
		if _, err := court.founder.SubmitRules(ctx, sign(t, &r, c.key), title); !client.Refused(err, c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	bad := strings.Replace(sign(t, &rules, court.key), ".", ".x", 1)
	if _, err := court.founder.SubmitRules(ctx, bad, title); err == nil {
		t.Error("damaged rules are taken")
	}
	if _, err := court.founder.ChangeRules(ctx, "", func(r *statement.Rules) { r.AdmitSlots = 1001 }); reason.Of(err) != reason.StatementPayload {
		t.Errorf("numbers out of range: %v", err)
	}
	if court.log(t) != before {
		t.Error("a refusal changed the log")
	}
}

// The rules that the founder changes at one node bind the other, which puts them into its own log.
func TestRulesReachTheOtherNode(t *testing.T) {
	ctx := t.Context()
	_, second, founder := newPair(t)
	entry(t, founder, statement.EntryOpen)
	there, key := second.Client(), second.Key(ctx)
	soon(t, "the open door at the second node", func() bool {
		info, err := there.Node(ctx)
		return err == nil && info.Community.Entry == statement.EntryOpen
	})
	if a := asks(t, there, "Ève", ""); a.State != api.AskJoined {
		t.Errorf("%+v", a)
	}
	soon(t, "the newcomer at the first node", func() bool {
		info, err := founder.Node(ctx)
		return err == nil && info.Community.Members == 2
	})
	soon(t, "the rules in the second node's log", func() bool {
		var out bytes.Buffer
		if err := node.Export(ctx, second.Data(), "", &out); err != nil {
			t.Fatal(err)
		}
		if _, err := invites.VerifyExport(out.Bytes()); err != nil {
			t.Fatal(err)
		}
		var export invites.Export
		if err := json.Unmarshal(out.Bytes(), &struct {
			*invites.Export
			Format string `json:"format"`
		}{Export: &export}); err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(export.Statements, func(e invites.ExportedEntry) bool {
			st, err := statement.Parse(e.Statement)
			if err != nil || e.Log != key {
				return false
			}
			r, ok := st.Body().(*statement.Rules)
			return ok && r.Order == 2
		})
	})
}

func TestANoteOnAnInvite(t *testing.T) {
	ctx := t.Context()
	n := nodetest.New(t)
	founder := n.Found(ctx)
	link, err := founder.CreateInviteFor(ctx, "for Léo", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	all, err := founder.Invites(ctx)
	if err != nil || len(all.Invites) != 1 || all.Invites[0].Note != "for Léo" || all.Invites[0].Expires-all.Invites[0].Created != 3600_000 {
		t.Errorf("%+v, %v", all.Invites, err)
	}
	if preview, err := n.Client().PreviewInvite(ctx, link.ID); err != nil || strings.Contains(preview.Sponsor.Name, "for") {
		t.Errorf("%+v, %v", preview, err)
	}
	if len(all.Grants) != 1 || all.Grants[0].Why != statement.WhyAdmission || all.Grants[0].Slots != 2 {
		t.Errorf("%+v", all.Grants)
	}
	if _, err := founder.CreateInviteFor(ctx, strings.Repeat("x", 101), 0); !client.Refused(err, reason.TextInvalid) {
		t.Errorf("a note too long: %v", err)
	}
}

// The founder's delegate for a node is renewed by the page; the node takes it like any other.
func TestRenewingADelegate(t *testing.T) {
	ctx := t.Context()
	n := nodetest.New(t)
	founder := n.Found(ctx)
	me, err := founder.Me(ctx)
	if err != nil || me.Founding == nil || len(me.Founding.Nodes) != 1 || me.Founding.Order != 2 {
		t.Fatalf("%+v, %v", me.Founding, err)
	}
	before := me.Founding.Nodes[0].Expires
	for now := time.Now().Unix(); time.Now().Unix() == now; { // statements count in seconds
		time.Sleep(20 * time.Millisecond) //nolint:forbidigo // a poll
	}
	if _, err := founder.AddNode(ctx, n.Key(ctx)); err != nil {
		t.Fatal(err)
	}
	me, err = founder.Me(ctx)
	if err != nil || len(me.Founding.Nodes) != 1 || me.Founding.Nodes[0].Expires <= before || me.Founding.Order <= 2 {
		t.Errorf("%+v, %v", me.Founding, err)
	}
	n.Join(ctx, founder, "Léo")
	if me, err := n.Join(ctx, founder, "Zoé").Me(ctx); err != nil || me.Founding != nil {
		t.Errorf("a member is told what is for the founder: %+v, %v", me, err)
	}
}
