package node

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/ledger"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

// What stands beside a log, and only nodes of the same community may read: the texts that statements commit to, and the
// members' profiles; and who asks to join, for which see askers.go.
const (
	besideText    = "beside/text/"
	besideProfile = "beside/profile/"
)

// readBeside gives one text, profile or request to join to another node of this community.
func (n *network) readBeside(from identity.PublicKey, path string) ([]byte, error) {
	state, founded := n.journal.fold()
	if !founded {
		return nil, reason.Reject(reason.NotFound, "%s", path)
	}
	if sibling, ok := state.Node(from); !ok || sibling.Revoked {
		return nil, reason.Reject(reason.NodeDenied, "%s is no node of this community", from)
	}
	if path == besideAsks || strings.HasPrefix(path, besideAsk) {
		return n.readAsks(path)
	}
	if name, ok := strings.CutPrefix(path, besideText); ok {
		var c statement.Commitment
		if err := c.UnmarshalText([]byte(name)); err != nil {
			return nil, reason.Reject(reason.NotFound, "%s", path)
		}
		text, ok, err := n.journal.store.Text(c)
		if err != nil || !ok {
			return nil, reason.Reject(reason.NotFound, "%s", path)
		}
		return json.Marshal(text)
	}
	key, err := identity.ParseDID(strings.TrimPrefix(path, besideProfile))
	if err != nil {
		return nil, reason.Reject(reason.NotFound, "%s", path)
	}
	profile, ok, err := n.journal.store.Profile(key)
	if err != nil || !ok {
		return nil, reason.Reject(reason.NotFound, "%s", path)
	}
	return []byte(profile.Text), nil
}

// completeTime bounds one round of fetching what stands beside the logs.
const completeTime = 20 * time.Second

// complete fetches the community's name and the names of members whom other nodes admitted. It reports whether none is
// missing now.
func (n *network) complete(ctx context.Context) bool {
	state, founded := n.journal.fold()
	if !founded || len(n.siblings()) == 0 {
		return true
	}
	whole := true
	ctx, cancel := context.WithTimeout(ctx, completeTime)
	defer cancel()
	if rules, ok := state.Rules(); ok {
		if _, known, err := n.journal.store.Text(rules.Name); err == nil && !known {
			whole = n.fetchText(ctx, rules.Name)
		}
	}
	for member := range state.Members() {
		if ctx.Err() != nil {
			return false
		}
		if n.hallway.community.names.member(member.Key).Name == "" {
			whole = n.fetchProfile(ctx, state.Community(), member.Key) && whole
		}
	}
	return whole
}

// ask asks the other nodes of this community for something until one has it, and reports whether one had.
func (n *network) ask(ctx context.Context, path string, take func([]byte) error) bool {
	state, _ := n.journal.fold()
	for _, sibling := range n.siblings() {
		data, err := n.host.ReadLog(ctx, sibling, ledger.Origin(state.Community(), sibling), path)
		if err == nil {
			err = take(data)
		}
		if err == nil {
			return true
		}
		n.log.Debug("a node of this community did not answer", "node", sibling, "path", path, "error", err)
	}
	return false
}

func (n *network) fetchText(ctx context.Context, c statement.Commitment) bool {
	return n.ask(ctx, besideText+c.String(), func(data []byte) error {
		var text statement.Text
		if err := json.Unmarshal(data, &text); err != nil {
			return fmt.Errorf("node: %w", err)
		}
		if text.Commitment() != c {
			return reason.Reject(reason.TextMismatch, "")
		}
		return n.journal.store.Commit(storage.Batch{Texts: []statement.Text{text}})
	})
}

func (n *network) fetchProfile(ctx context.Context, community, member identity.PublicKey) bool {
	return n.ask(ctx, besideProfile+member.String(), func(data []byte) error {
		c := n.hallway.community
		st, profile, err := c.profile(string(data), member, community, n.now())
		if err != nil {
			return err
		}
		if err := n.journal.store.Commit(storage.Batch{Profiles: []statement.Statement{st}}); err != nil {
			return err
		}
		c.names.set(member, profile)
		return nil
	})
}
