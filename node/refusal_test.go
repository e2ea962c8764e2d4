package node_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/client"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/node"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// court is a node with a founder, for clients that do not play by the rules.
type court struct {
	p         *process
	founder   *client.Client
	key       identity.PrivateKey // the founder's
	community identity.PublicKey
}

func newCourt(t *testing.T) *court {
	t.Helper()
	p := startProcess(t, filepath.Join(t.TempDir(), "data"), "127.0.0.1:0")
	key := identity.Generate()
	c := &court{p: p, key: key, founder: p.clientOf(key), community: key.Public()}
	if _, err := c.founder.Found(t.Context(), p.lines["owner"], "Café", "Ana"); err != nil {
		t.Fatal(err)
	}
	return c
}

// log is what the node's log proves at the moment: it must not change by a refusal.
func (c *court) log(t *testing.T) string {
	t.Helper()
	var out bytes.Buffer
	if err := node.Export(t.Context(), c.p.data, "", &out); err != nil {
		t.Fatal(err)
	}
	var export struct{ Checkpoints map[string]string }
	if err := json.Unmarshal(out.Bytes(), &export); err != nil {
		t.Fatal(err)
	}
	for _, checkpoint := range export.Checkpoints {
		return checkpoint
	}
	t.Fatal("no checkpoint")
	return ""
}

func sign(t *testing.T, body statement.Body, key identity.Signer) string {
	t.Helper()
	st, err := statement.Sign(body, key)
	if err != nil {
		t.Fatal(err)
	}
	return st.Text()
}

// joining is a join request that can be bent.
type joining struct {
	community, redeemCommunity identity.PublicKey
	invite                     statement.ID
	redeemKey                  identity.PrivateKey
	redeemFor                  identity.PublicKey
	iat                        int64
}

func (c *court) joinWith(t *testing.T, link client.InviteLink, bend func(*joining)) (status int, code string) {
	t.Helper()
	member := identity.Generate()
	oneTime, err := identity.FromSeed(link.Seed[:])
	if err != nil {
		t.Fatal(err)
	}
	j := joining{
		community: c.community, redeemCommunity: c.community,
		invite: link.ID, redeemKey: oneTime, redeemFor: member.Public(), iat: time.Now().Unix(),
	}
	bend(&j)
	redeem := sign(t, &statement.Redeem{Community: j.redeemCommunity, Invite: j.invite, Member: j.redeemFor}, j.redeemKey)
	return post(t, c.p, api.PathJoin, api.JoinRequest{
		Join:    sign(t, &statement.Join{Community: j.community, IssuedAt: j.iat, Redeem: redeem}, member),
		Profile: sign(t, &statement.Profile{Community: j.community, IssuedAt: j.iat, Name: "Guest"}, member),
	})
}

// post sends a request without a session and returns the status and the reason code.
func post(t *testing.T, p *process, path string, body any) (status int, code string) {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+p.addr+api.Base+path, bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var problem api.Problem
	if err := json.Unmarshal(data, &problem); err != nil {
		t.Fatalf("%s: %s", resp.Status, data)
	}
	return resp.StatusCode, problem.Code
}

func TestRefusedJoins(t *testing.T) {
	c := newCourt(t)
	ctx := t.Context()
	link, err := c.founder.CreateInvite(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	stranger := identity.Generate()
	before := c.log(t)
	tests := []struct {
		name string
		bend func(*joining)
		want reason.Reason
	}{
		{"an invite that is not there", func(j *joining) { j.invite = statement.ID{1} }, reason.InviteUnknown},
		{"a redeem by another key", func(j *joining) { j.redeemKey = stranger }, reason.InviteForged},
		{"a redeem for somebody else", func(j *joining) { j.redeemFor = stranger.Public() }, reason.InviteRebound},
		{"a redeem for another community", func(j *joining) { j.redeemCommunity = stranger.Public() }, reason.InviteCommunity},
		{"a join to another community", func(j *joining) { j.community = stranger.Public() }, reason.InviteCommunity},
		{"a join from the future", func(j *joining) { j.iat += statement.Slack + 60 }, reason.StatementTime},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status, code := c.joinWith(t, link, test.bend)
			if code != string(test.want) || status != test.want.Status() {
				t.Errorf("refused with %d %s, want %d %s", status, code, test.want.Status(), test.want)
			}
			if after := c.log(t); after != before {
				t.Errorf("the refusal changed the log from %s to %s", before, after)
			}
		})
	}
	if status, _ := c.joinWith(t, link, func(*joining) {}); status != http.StatusCreated {
		t.Fatalf("the invite is spoiled by refusals: %d", status)
	}
	if _, code := c.joinWith(t, link, func(*joining) {}); code != string(reason.InviteUsed) {
		t.Errorf("the second use: %s", code)
	}
}

func TestRevokedAndExpiredInvites(t *testing.T) {
	c := newCourt(t)
	ctx := t.Context()
	link, err := c.founder.CreateInvite(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.founder.RevokeInvite(ctx, link.ID); err != nil {
		t.Fatal(err)
	}
	if _, code := c.joinWith(t, link, func(*joining) {}); code != string(reason.InviteRevoked) {
		t.Errorf("a revoked invite: %s", code)
	}
	if _, err := c.founder.PreviewInvite(ctx, link.ID); !client.Refused(err, reason.InviteRevoked) {
		t.Errorf("the page of a revoked invite: %v", err)
	}
	// An invite that ended three minutes ago, beyond any doubt about clocks.
	mine, err := c.founder.Invites(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if mine.Left != 2 {
		t.Errorf("%d invites left after a revocation, want both", mine.Left)
	}
}

// TestAWrongOwnerLink holds founding to the one link that is open.
func TestAWrongOwnerLink(t *testing.T) {
	p := startProcess(t, filepath.Join(t.TempDir(), "data"), "127.0.0.1:0")
	ctx := t.Context()
	wrong := strings.Split(p.lines["owner"], "=")[0] + "=" + strings.Repeat("x", 43)
	if _, err := p.client().Found(ctx, wrong, "Café", "Ana"); !client.Refused(err, reason.OwnerLinkStale) {
		t.Errorf("founding by a wrong link: %v", err)
	}
	old := p.lines["owner"]
	p.kill(t)
	p = startProcess(t, p.data, p.addr)
	if _, err := p.client().Found(ctx, old, "Café", "Ana"); !client.Refused(err, reason.OwnerLinkStale) {
		t.Errorf("founding by the link of an earlier start: %v", err)
	}
	if _, err := p.client().Found(ctx, p.lines["owner"], "Café", "Ana"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.client().Found(ctx, p.lines["owner"], "Thieves", "Otto"); !client.Refused(err, reason.FoundedAlready) {
		t.Errorf("founding twice: %v", err)
	}
	if p.kill(t); startProcess(t, p.data, p.addr).lines["owner"] != "" {
		t.Error("a founded node prints an owner link")
	}
}

func TestUnclaim(t *testing.T) {
	c := newCourt(t)
	ctx := t.Context()
	room, err := c.founder.CreateRoom(ctx, "Alone", nil, "en")
	if err != nil {
		t.Fatal(err)
	}
	s := enter(t, c.founder, room.ID)
	var out bytes.Buffer
	if err := node.Unclaim(ctx, c.p.data, &out); err != nil {
		t.Fatal(err)
	}
	<-s.Done()
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	owner := lines[len(lines)-1]
	again := c.p.client()
	if _, err := again.Found(ctx, owner, "Second try", "Léo"); err != nil {
		t.Fatalf("the new owner link does not found: %v", err)
	}
	if _, err := c.founder.Me(ctx); err == nil {
		t.Error("the founder before is still a member")
	}
	join(ctx, t, again, c.p.client())
	if err := node.Unclaim(ctx, c.p.data, io.Discard); err == nil {
		t.Error("a community with members was unclaimed")
	}
	var tree bytes.Buffer
	if err := node.Tree(ctx, c.p.data, &tree); err != nil {
		t.Fatal(err)
	}
	if text := tree.String(); !strings.HasPrefix(text, "Léo") || !strings.Contains(text, "\n  Guest") {
		t.Errorf("the tree is\n%s", text)
	}
}

func join(ctx context.Context, t *testing.T, by, guest *client.Client) {
	t.Helper()
	link, err := by.CreateInvite(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := guest.Join(ctx, link.String(), "Guest"); err != nil {
		t.Fatal(err)
	}
}
