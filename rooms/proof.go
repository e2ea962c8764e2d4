package rooms

import (
	"github.com/go-json-experiment/json"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// Proof is what an announcement was made of, but for what changes from one to the next: whoever takes the room over
// announces it with the same.
func (a Announcement) Proof() (Bundle, error) {
	var text bundleText
	if err := json.Unmarshal(a.Raw, &text); err != nil {
		return Bundle{}, invalid("%v", err)
	}
	b := Bundle{Title: text.Title, Name: text.Name}
	var err error
	if b.Create, err = statement.ParseKind[*statement.Create](text.Create); err != nil {
		return Bundle{}, err
	}
	if b.Delegate, err = statement.ParseKind[*statement.Delegate](text.Delegate); err != nil {
		return Bundle{}, err
	}
	b.Rules, err = statement.ParseKind[*statement.Rules](text.Rules)
	return b, err
}

// Hosted reports whether a node hosts the room, or did in an earlier epoch.
func (t Tenure) Hosted(node identity.PublicKey) bool {
	if node == t.Host {
		return true
	}
	for _, h := range t.Line {
		if h.List.Signer() == node {
			return true
		}
	}
	return false
}
